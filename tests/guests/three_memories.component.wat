;; A component of three instances with four pages each.
(component
  (core module $part
    (memory 4)
    (func (export "pages") (result i32) (memory.size))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
  (core instance $a (instantiate $part))
  (core instance $b (instantiate $part))
  (core instance $c (instantiate $part))
  (func (export "pages-a") (result s32) (canon lift (core func $a "pages")))
  (func (export "pages-b") (result s32) (canon lift (core func $b "pages")))
  (func (export "pages-c") (result s32) (canon lift (core func $c "pages")))
  (func (export "grow-a") (param "by" s32) (result s32) (canon lift (core func $a "grow")))
  (func (export "grow-b") (param "by" s32) (result s32) (canon lift (core func $b "grow"))))
