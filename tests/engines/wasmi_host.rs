//! A wasmi Store.

use highwater::StoreMemoryMeter;
use wasmi::{Config, Engine, Instance, Memory, Module, Store};

use super::Host;

pub struct WasmiHost {
    store: Store<StoreMemoryMeter>,
    instances: Vec<Instance>,
    memories: Vec<Memory>,
}

impl WasmiHost {
    fn on(engine: &Engine, meter: StoreMemoryMeter) -> Self {
        let mut store = Store::new(engine, meter);
        store.limiter(|meter| meter);
        Self { store, instances: Vec::new(), memories: Vec::new() }
    }
}

impl Host for WasmiHost {
    const ASKS_PAST_MAXIMUM: bool = false;

    fn new(meter: StoreMemoryMeter) -> Self {
        Self::on(&Engine::default(), meter)
    }

    /// wasmi pays for growth with fuel, after the limiter has approved it.
    fn cramped(meter: StoreMemoryMeter) -> Self {
        let mut config = Config::default();
        config.consume_fuel(true);
        let mut host = Self::on(&Engine::new(&config), meter);
        host.store.set_fuel(100_000).unwrap();
        host
    }

    fn instantiate(&mut self, wat: &str) -> Result<usize, String> {
        let module = Module::new(self.store.engine(), wat).unwrap();
        let instance = Instance::new(&mut self.store, &module, &[]).map_err(|error| error.to_string())?;
        self.memories.extend(instance.get_memory(&self.store, "m0"));
        self.instances.push(instance);
        Ok(self.instances.len() - 1)
    }

    fn call(&mut self, instance: usize, function: &str, argument: i32) -> Result<i32, String> {
        let function = self.instances[instance].get_typed_func::<i32, i32>(&self.store, function).unwrap();
        function.call(&mut self.store, argument).map_err(|error| error.to_string())
    }

    fn meter(&mut self) -> &mut StoreMemoryMeter {
        self.store.data_mut()
    }

    fn engine_bytes(&mut self) -> usize {
        self.memories.iter().map(|memory| memory.data_size(&self.store)).sum()
    }
}
