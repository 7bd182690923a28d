;; One memory of one page, grown on demand, without a maximum.
(module
  (memory (export "m0") 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
