;; A component of three parts, each with a linear memory of its own that starts at four pages.
(component
  (core module $part
    (memory 4)
    (func (export "grow") (param $pages i32) (result i32)
      (memory.grow (local.get $pages)))
    (func (export "pages") (result i32)
      (memory.size)))
  (core instance $first (instantiate $part))
  (core instance $second (instantiate $part))
  (core instance $third (instantiate $part))

  ;; Each part grows its own memory; -1 if it is denied.
  (func (export "grow-first") (param "pages" u32) (result s32)
    (canon lift (core func $first "grow")))
  (func (export "grow-second") (param "pages" u32) (result s32)
    (canon lift (core func $second "grow")))
  (func (export "grow-third") (param "pages" u32) (result s32)
    (canon lift (core func $third "grow")))

  ;; The pages of all three, as each of them sees its own.
  (core module $sum
    (import "first" "pages" (func $first (result i32)))
    (import "second" "pages" (func $second (result i32)))
    (import "third" "pages" (func $third (result i32)))
    (func (export "pages") (result i32)
      (i32.add (call $first) (i32.add (call $second) (call $third)))))
  (core instance $all (instantiate $sum
    (with "first" (instance $first))
    (with "second" (instance $second))
    (with "third" (instance $third))))
  (func (export "pages") (result u32)
    (canon lift (core func $all "pages"))))
