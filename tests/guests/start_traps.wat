;; Three pages, and a start function that does not return.
(module
  (memory (export "m0") 3)
  (func $main unreachable)
  (start $main))
