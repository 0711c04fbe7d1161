//! `state`: what instances of one plugin use share.

use super::say;
use crate::bindings::tidegate::plugin::log::Level;
use crate::bindings::tidegate::plugin::state;
use crate::instance::Host;
use crate::state::{Bucket, Counter};
use std::time::Duration;
use wasmtime::Result;
use wasmtime::component::Resource;

impl state::Host for Host {
    fn get(&mut self, key: String) -> Result<Option<Vec<u8>>> {
        Ok(self
            .shared
            .namespace
            .value(&key, self.shared.ambient.instant()))
    }

    fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<u64>) -> Result<Result<(), String>> {
        let ttl = ttl.map(Duration::from_millis);
        let quota = self.shared.limits.state;
        Ok(self
            .shared
            .namespace
            .set(key, value, ttl, quota, self.shared.ambient.instant()))
    }

    fn delete(&mut self, key: String) -> Result<()> {
        self.shared.namespace.delete(&key);
        Ok(())
    }

    fn swap(&mut self, key: String, expected: Option<Vec<u8>>, value: Vec<u8>) -> Result<bool> {
        let quota = self.shared.limits.state;
        Ok(self.shared.namespace.swap(
            key,
            expected.as_deref(),
            value,
            quota,
            self.shared.ambient.instant(),
        ))
    }
}

impl state::HostCounter for Host {
    fn new(&mut self, name: String) -> Result<Resource<Counter>> {
        let counter = self.shared.namespace.counter(&name).unwrap_or_else(|| {
            say(
                &self.shared,
                Level::Error,
                &format!("too many counters: `{name}` is not shared"),
            );
            Counter::default()
        });
        Ok(self.table.push(counter)?)
    }

    fn add(&mut self, counter: Resource<Counter>, delta: i64) -> Result<i64> {
        Ok(self.table.get(&counter)?.add(delta))
    }

    fn get(&mut self, counter: Resource<Counter>) -> Result<i64> {
        Ok(self.table.get(&counter)?.value())
    }

    fn drop(&mut self, counter: Resource<Counter>) -> Result<()> {
        self.table.delete(counter)?;
        Ok(())
    }
}

impl state::HostBucket for Host {
    fn new(&mut self, name: String, rate: f64, burst: f64) -> Result<Resource<Bucket>> {
        let bucket = self
            .shared
            .namespace
            .bucket(&name, rate, burst)
            .unwrap_or_else(|| {
                say(
                    &self.shared,
                    Level::Error,
                    &format!("too many buckets: `{name}` is not shared"),
                );
                self.shared.namespace.private_bucket(rate, burst)
            });
        Ok(self.table.push(bucket)?)
    }

    fn take(&mut self, bucket: Resource<Bucket>, key: String, n: u32) -> Result<Result<(), u64>> {
        Ok(self
            .table
            .get(&bucket)?
            .take(&key, n, self.shared.ambient.instant()))
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}
