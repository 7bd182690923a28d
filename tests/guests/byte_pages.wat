;; Pages of one byte, which the type ends two bytes short of 4 GiB.
(module
  (memory (export "m0") 1 (pagesize 1))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
