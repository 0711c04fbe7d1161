//! `load`: what the host knows of the endpoints; answers during `select` only.

use crate::bindings::tidegate::plugin::load::Host as Columns;
use crate::instance::Host;
use crate::view::Load;
use wasmtime::Result;

impl Columns for Host {
    fn in_flight(&mut self) -> Result<Vec<u32>> {
        Ok(self.load().map(Load::in_flight).unwrap_or_default())
    }

    fn in_flight_of(&mut self, index: u32) -> Result<u32> {
        Ok(self.load().map_or(0, |load| load.in_flight_of(index)))
    }

    fn total(&mut self) -> Result<u32> {
        Ok(self.load().map_or(0, Load::total))
    }

    fn latency(&mut self) -> Result<Vec<u32>> {
        Ok(self.load().map(Load::latency).unwrap_or_default())
    }

    fn latency_of(&mut self, index: u32) -> Result<u32> {
        Ok(self.load().map_or(0, |load| load.latency_of(index)))
    }

    fn excluded(&mut self) -> Result<Vec<u32>> {
        Ok(self
            .exchange
            .as_deref()
            .map(|exchange| exchange.excluded().to_vec())
            .unwrap_or_default())
    }

    fn is_excluded(&mut self, index: u32) -> Result<bool> {
        Ok(self
            .exchange
            .as_deref()
            .is_some_and(|exchange| exchange.excluded().contains(&index)))
    }
}

impl Host {
    fn load(&self) -> Option<&dyn Load> {
        self.exchange.as_ref()?;
        self.endpoints.as_deref().map(|endpoints| endpoints.load())
    }
}
