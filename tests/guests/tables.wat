;; A page of memory and a table of ten elements, both grown on demand.
(module
  (memory (export "m0") 1)
  (table (export "t0") 10 funcref)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))
