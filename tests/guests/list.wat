;; A linked list in the GC heap, and no memory at all.
(module
  (type $node (struct (field (ref null $node)) (field i64)))
  (global $head (mut (ref null $node)) (ref.null $node))
  (func (export "grow") (param $nodes i32) (result i32)
    (loop $more
      (global.set $head (struct.new $node (global.get $head) (i64.const 7)))
      (local.set $nodes (i32.sub (local.get $nodes) (i32.const 1)))
      (br_if $more (local.get $nodes)))
    (i32.const 0)))
