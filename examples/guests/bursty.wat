;; A guest that grows in bursts, each twice as big as the last, and touches a burst as soon as it
;; has it.
(module
  (memory (export "memory") 1)

  ;; Grows until it has `pages` pages or is denied. Returns the pages it has.
  (func (export "run") (param $pages i32) (result i32)
    (local $burst i32)
    (local $missing i32)
    (local $before i32)
    (local.set $burst (i32.const 1))
    (block $done
      (loop $grow
        (local.set $missing (i32.sub (local.get $pages) (memory.size)))
        (br_if $done (i32.le_s (local.get $missing) (i32.const 0)))
        (if (i32.gt_s (local.get $burst) (local.get $missing))
          (then (local.set $burst (local.get $missing))))
        (local.set $before (memory.grow (local.get $burst)))
        (br_if $done (i32.eq (local.get $before) (i32.const -1)))
        (call $touch (local.get $before) (memory.size))
        (local.set $burst (i32.shl (local.get $burst) (i32.const 1)))
        (br $grow)))
    (memory.size))

  ;; Writes one word into each page of the operating system (4096 bytes) from page `from` up to page
  ;; `to`.
  (func $touch (param $from i32) (param $to i32)
    (local $address i32)
    (local.set $address (i32.mul (local.get $from) (i32.const 65536)))
    (loop $next
      (i32.store (local.get $address) (local.get $address))
      (local.set $address (i32.add (local.get $address) (i32.const 4096)))
      (br_if $next
        (i32.lt_u (local.get $address) (i32.mul (local.get $to) (i32.const 65536)))))))
