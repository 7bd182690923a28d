;; One memory of one page that declares a maximum of three.
(module
  (memory (export "m0") 1 3)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
