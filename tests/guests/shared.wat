;; A shared memory.
(module
  (memory (export "m0") 1 10 shared)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
