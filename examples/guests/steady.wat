;; A guest with a steady working set: one grow at the start, then several passes over the same
;; memory.
(module
  (memory (export "memory") 1)

  ;; Works on `pages` pages, or on what it has if it gets no more. Returns the pages it worked on.
  (func (export "run") (param $pages i32) (result i32)
    (local $pass i32)
    (local $address i32)
    (local $end i32)
    ;; A denied grow answers -1 and leaves the size as it was: the loop below works with that.
    (drop (memory.grow (i32.sub (local.get $pages) (memory.size))))
    (local.set $end (i32.mul (memory.size) (i32.const 65536)))
    (loop $passes
      (local.set $address (i32.const 0))
      (loop $touch
        ;; Each page of the operating system (4096 bytes) counts the passes that went over it.
        (i32.store (local.get $address)
          (i32.add (i32.load (local.get $address)) (i32.const 1)))
        (if (i32.ne (i32.load (local.get $address)) (i32.add (local.get $pass) (i32.const 1)))
          ;; Not zero at the first pass: another guest's memory shows through.
          (then unreachable))
        (local.set $address (i32.add (local.get $address) (i32.const 4096)))
        (br_if $touch (i32.lt_u (local.get $address) (local.get $end))))
      (local.set $pass (i32.add (local.get $pass) (i32.const 1)))
      (br_if $passes (i32.lt_u (local.get $pass) (i32.const 3))))
    (memory.size)))
