//! The kinds of ledger that the contract tests run over.

use std::fmt::Debug;

use highwater::{InlineLedger, PrincipalId, Recorded};

use super::subject::Subject;

/// Implements [`Subject`] for a struct around a ledger; the three expressions say how to make a ledger, a key, and a record.
macro_rules! subject {
    (
        $(#[$meta:meta])* $name:ident($ledger:ty): $key:ty;
        new: $new:expr; key: $make_key:expr;
    ) => {
        $(#[$meta])*
        pub struct $name($ledger);

        impl Subject for $name {
            type Key = $key;

            fn with_capacity(capacity: usize) -> Self {
                let new: fn(usize) -> $ledger = $new;
                Self(new(capacity))
            }

            fn key(number: u64) -> $key {
                let make_key: fn(u64) -> $key = $make_key;
                make_key(number)
            }

            fn record_peak(&self, key: &$key, bytes: u64) -> Recorded {
                self.0.record_peak(key, bytes)
            }

            fn peak(&self, key: &$key) -> u64 {
                self.0.peak(key)
            }

            fn len(&self) -> usize {
                self.0.len()
            }

            fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            fn capacity(&self) -> usize {
                self.0.capacity()
            }

            fn floor(&self) -> u64 {
                self.0.floor()
            }

            fn untracked_at_most(&self) -> u64 {
                self.0.untracked_at_most()
            }

            fn evictions(&self) -> u64 {
                self.0.evictions()
            }

            fn refused(&self) -> u64 {
                self.0.refused()
            }

            fn snapshot(&self) -> Vec<($key, u64)> {
                self.0.snapshot()
            }

            fn top(&self, n: usize) -> Vec<($key, u64)> {
                self.0.top(n)
            }
        }
    };
}

subject! {
    /// Inline ids of nine words, as a wasmtime host uses them.
    Principals(InlineLedger<PrincipalId>): PrincipalId;
    new: InlineLedger::with_capacity; key: principal;
}

subject! {
    /// Inline keys of one word, zero among them.
    Integers(InlineLedger<u64>): u64;
    new: InlineLedger::with_capacity; key: |number| number;
}

/// Ids of all lengths that differ in their first word or only in their last: a torn read of two of them would be a third.
pub fn principal(number: u64) -> PrincipalId {
    let id = match number % 3 {
        0 => format!("{number}"),
        1 => format!("{number:_>64}"),
        _ => format!("{number:-<40}"),
    };
    PrincipalId::new(id).expect("a valid id")
}

/// Instantiates generic tests, `fn name<S: Subject>()`, as a module per kind.
///
/// `for_every_kind! { a, b }` makes `principals::a`, `principals::b`, `integers::a` and so on.
#[macro_export]
macro_rules! for_every_kind {
    ($($test:ident),+ $(,)?) => {
        $crate::for_kind! { principals: Principals; $($test),+ }
        $crate::for_kind! { integers: Integers; $($test),+ }
    };
}

/// The module of one kind; see [`for_every_kind`].
#[macro_export]
macro_rules! for_kind {
    ($module:ident: $kind:ident; $($test:ident),+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test::<$crate::common::kinds::$kind>();
                }
            )+
        }
    };
}

/// A name for messages: the kind without its path.
pub fn kind_name<S: Subject>() -> impl Debug {
    std::any::type_name::<S>().rsplit("::").next()
}
