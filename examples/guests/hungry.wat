;; A guest that runs into its ceiling: it wants ever more, and takes -1 for an answer. Each denial
;; halves what it asks for, until one page more is too much; so it ends at its ceiling exactly.
(module
  (memory (export "memory") 1)

  ;; Asks for `pages` pages at a time to begin with. Returns the pages it got hold of.
  (func (export "run") (param $pages i32) (result i32)
    (local $before i32)
    (loop $ask
      (local.set $before (memory.grow (local.get $pages)))
      (if (i32.eq (local.get $before) (i32.const -1))
        (then (local.set $pages (i32.shr_u (local.get $pages) (i32.const 1))))
        (else
          ;; The first and the last word of the new stretch, so that a stretch shorter than promised
          ;; would trap.
          (i32.store (i32.mul (local.get $before) (i32.const 65536)) (local.get $before))
          (i32.store
            (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4))
            (memory.size))))
      (br_if $ask (local.get $pages)))
    (memory.size)))
