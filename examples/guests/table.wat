;; A guest that grows a table, the way round a ceiling that looks at linear memory alone. It keeps
;; one page of memory.
(module
  (memory (export "memory") 1)
  (table $callbacks (export "table") 1 funcref)
  (elem declare func $callback)
  (func $callback)

  ;; Registers 256 callbacks for each of `pages`, or as many as it is granted. Returns the size of
  ;; the table.
  (func (export "run") (param $pages i32) (result i32)
    (block $done
      (loop $register
        (br_if $done (i32.eqz (local.get $pages)))
        (br_if $done
          (i32.eq (table.grow $callbacks (ref.func $callback) (i32.const 256)) (i32.const -1)))
        (local.set $pages (i32.sub (local.get $pages) (i32.const 1)))
        (br $register)))
    (i32.store (i32.const 0) (table.size $callbacks))
    (table.size $callbacks)))
