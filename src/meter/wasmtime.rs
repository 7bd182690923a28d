//! The meter as wasmtime's limiter, and wasmtime's instances made under a lease.

use core::ops::DerefMut;

use wasmtime::{Error, Instance, InstancePre, Module, Result, Store};

use super::{account::Mark, lease::Lease, store_meter::StoreMemoryMeter};
use crate::LedgerHandle;

crate::impl_resource_limiter! {
    impl [L: LedgerHandle<Principal: Send> + Send] wasmtime::ResourceLimiter for StoreMemoryMeter<L> { |meter| meter }
}

/// Whether anything may remain of an instantiation that failed with this error, for
/// [`Lease::instantiate`]. An error never rules it out, so this is always true.
///
/// A host function that the module starts with can return any error that wasmtime has for an
/// instance that it could not create, and the closure may have made something else before.
/// [`Lease::instantiate_pre`] finds it out without the error.
#[must_use]
pub const fn instance_remains(_: &Error) -> bool {
    true
}

/// Stands in for wasmtime's own `Store::gc_heap_capacity` where there is none. An inherent method
/// takes precedence over it. Without wasmtime's feature `gc` there is no heap, and before 45 a heap
/// was created empty.
#[allow(dead_code, reason = "wasmtime's own is called where it exists")]
trait NoHeap {
    fn gc_heap_capacity(&self) -> usize {
        0
    }
}

impl<T> NoHeap for Store<T> {}

/// The Store before an instantiation.
struct Before {
    mark: Mark,
    heap: usize,
}

impl<T: 'static, H, L, F> Lease<H, L, F>
where
    H: DerefMut<Target = Store<T>>,
    L: LedgerHandle,
    F: Fn(&mut Store<T>) -> &mut StoreMemoryMeter<L>,
{
    /// Instantiates a module. If the instance cannot be created, what was approved for it is given
    /// back, as the engine does; if it was created and failed to start (its segments, constant
    /// expressions or start function), it stays in the Store and in the account.
    ///
    /// The lease does not judge by the error, but by whether the limiter has approved as many
    /// memories and tables as the module defines; see
    /// [`Account::withdraw_unless_created`](crate::Account::withdraw_unless_created). So the
    /// limiter has to ask the meter about each of them. [`Linker::instantiate_pre`] makes an
    /// [`InstancePre`] of a module and a linker.
    ///
    /// # Errors
    /// The error of [`InstancePre::instantiate`].
    ///
    /// [`Linker::instantiate_pre`]: wasmtime::Linker::instantiate_pre
    pub fn instantiate_pre(&mut self, pre: &InstancePre<T>) -> Result<Instance> {
        let before = self.before();
        let result = pre.instantiate(&mut *self.holder);
        self.after(before, pre.module(), result)
    }

    /// As [`instantiate_pre`](Self::instantiate_pre), through [`InstancePre::instantiate_async`].
    /// If the future is dropped before it is done, all that was approved stays in the account.
    ///
    /// # Errors
    /// The error of [`InstancePre::instantiate_async`].
    #[cfg(feature = "wasmtime-async")]
    pub async fn instantiate_pre_async(&mut self, pre: &InstancePre<T>) -> Result<Instance>
    where
        T: Send,
    {
        let before = self.before();
        let result = pre.instantiate_async(&mut *self.holder).await;
        self.after(before, pre.module(), result)
    }

    fn before(&mut self) -> Before {
        Before { mark: self.meter().mark(), heap: self.holder.gc_heap_capacity() }
    }

    fn after(&mut self, before: Before, module: &Module, result: Result<Instance>) -> Result<Instance> {
        if result.is_ok() {
            self.meter().settle();
        } else {
            let defined = module.resources_required();
            let heap = self.holder.gc_heap_capacity().saturating_sub(before.heap);
            self.meter().withdraw_unless_created(before.mark, defined.num_memories, defined.num_tables, heap);
        }
        result
    }
}
