;; Appends to its memory page by page and writes to each, until it has as many as it is asked for.
(module
  (memory (export "memory") 1)
  ;; The pages that the memory has afterwards, or -1 if it could not grow that far.
  (func (export "run") (param $pages i32) (result i32)
    (block $done
      (loop $append
        (br_if $done (i32.eqz (local.get $pages)))
        (local.set $pages (i32.sub (local.get $pages) (i32.const 1)))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1))
          (then (return (i32.const -1))))
        (i32.store
          (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4))
          (i32.const 42))
        (br $append)))
    (memory.size)))
