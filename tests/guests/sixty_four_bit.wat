;; A memory and a table with 64-bit indices, neither with a maximum.
(module
  (memory (export "m0") i64 1)
  (table (export "t0") i64 10 funcref)
  (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
  (func (export "grow_table") (param i64) (result i64) (table.grow (ref.null func) (local.get 0))))
