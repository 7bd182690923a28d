;; Four pages from the start, which is before any call.
(module (memory (export "m0") 4))
