;; Grows its memory by as many pages as it is asked for, all at once.
(module
  (memory (export "memory") 1)
  ;; The pages that the memory has afterwards, or -1 if it could not grow.
  (func (export "run") (param $pages i32) (result i32)
    (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1))
      (then (return (i32.const -1))))
    (memory.size)))
