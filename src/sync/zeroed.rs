//! Arrays that begin as zeroes.

/// A type whose values may begin as zero bytes.
#[cfg(all(feature = "alloc", not(highwater_loom)))]
pub(crate) use bytemuck::Zeroable;

/// Bounds nothing, as only arrays on the heap need it.
#[cfg(not(any(feature = "alloc", highwater_loom)))]
pub trait Zeroable {}
#[cfg(not(any(feature = "alloc", highwater_loom)))]
impl<T> Zeroable for T {}

/// A type whose values may begin as zero. Each atomic of a model checker is made by itself.
#[cfg(highwater_loom)]
pub trait Zeroable {
    fn zeroed() -> Self;
}

/// Zeroed memory straight from the allocator, which may not have to touch it. `None` if there is
/// not enough.
#[cfg(all(feature = "alloc", not(highwater_loom)))]
pub(crate) fn zeroed<T: Zeroable>(length: usize) -> Option<alloc::boxed::Box<[T]>> {
    bytemuck::allocation::try_zeroed_slice_box(length).ok()
}
#[cfg(highwater_loom)]
pub(crate) fn zeroed<T: Zeroable>(length: usize) -> Option<alloc::boxed::Box<[T]>> {
    Some((0..length).map(|_| T::zeroed()).collect())
}

/// Does under a model checker what the derived `Zeroable` does otherwise: zero, field by field.
macro_rules! zeroable {
    ([$($generics:tt)*] $type:ty: $($field:tt),+) => {
        #[cfg(highwater_loom)]
        impl<$($generics)*> $crate::sync::Zeroable for $type {
            fn zeroed() -> Self {
                Self { $($field: $crate::sync::Zeroable::zeroed()),+ }
            }
        }
    };
}
pub(crate) use zeroable;

#[cfg(highwater_loom)]
macro_rules! atomics {
    ($($atomic:ty),+) => {$(
        impl Zeroable for $atomic {
            fn zeroed() -> Self {
                Self::new(0)
            }
        }
    )+};
}
#[cfg(all(highwater_loom, target_has_atomic = "64", not(highwater_narrow)))]
atomics!(super::AtomicU32, super::AtomicWord);
#[cfg(all(highwater_loom, not(all(target_has_atomic = "64", not(highwater_narrow)))))]
atomics!(super::AtomicWord);

#[cfg(highwater_loom)]
impl<T: Zeroable, const N: usize> Zeroable for [T; N] {
    fn zeroed() -> Self {
        core::array::from_fn(|_| T::zeroed())
    }
}
