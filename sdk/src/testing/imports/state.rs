//! State that is shared by all instances of the thread, without the bounds of the real one.

use std::time::Duration;

use crate::testing::world::{Value, World};

#[derive(Debug)]
pub struct Counter(String);

impl Counter {
    pub fn new(name: &str) -> Self {
        World::with(|world| {
            world
                .counters
                .entry(name.to_owned())
                .or_default()
                .to_owned()
        });
        Counter(name.to_owned())
    }
    pub fn add(&self, delta: i64) -> i64 {
        World::with(|world| {
            let value = world.counters.entry(self.0.clone()).or_default();
            std::mem::replace(value, value.wrapping_add(delta))
        })
    }
    pub fn get(&self) -> i64 {
        World::with(|world| world.counters.get(&self.0).copied().unwrap_or(0))
    }
}

#[derive(Debug)]
pub struct Bucket {
    name: String,
    rate: f64,
    burst: f64,
}

impl Bucket {
    pub fn new(name: &str, rate: f64, burst: f64) -> Self {
        Bucket {
            name: name.to_owned(),
            rate,
            burst,
        }
    }
    pub fn take(&self, key: &str, n: u32) -> Result<(), u64> {
        World::with(|world| {
            let now = world.now;
            let keys = world.buckets.entry(self.name.clone()).or_default();
            let (rate, burst, n) = (self.rate, self.burst, f64::from(n));
            let (tokens, since) = keys.entry(key.to_owned()).or_insert((burst, now));
            *tokens = (*tokens + rate * (now - *since).as_secs_f64()).min(burst);
            *since = now;
            if *tokens >= n {
                *tokens -= n;
                Ok(())
            } else if n > burst || rate <= 0.0 {
                Err(u64::MAX)
            } else {
                Err(((n - *tokens) / rate * 1000.0).ceil() as u64)
            }
        })
    }
}

pub fn get(key: &str) -> Option<Vec<u8>> {
    World::with(|world| world.value(key).map(|value| value.bytes.clone()))
}
pub fn set(key: &str, value: &[u8], ttl: Option<u64>) -> Result<(), String> {
    World::with(|world| {
        let until = ttl.map(|ttl| world.now.saturating_add(Duration::from_millis(ttl)));
        world.values.insert(
            key.to_owned(),
            Value {
                bytes: value.to_vec(),
                until,
            },
        );
    });
    Ok(())
}
pub fn delete(key: &str) {
    World::with(|world| world.values.remove(key));
}
pub fn swap(key: &str, expected: Option<&[u8]>, value: &[u8]) -> bool {
    World::with(|world| {
        let current = world.value(key).cloned();
        let same = current.as_ref().map(|current| current.bytes.as_slice()) == expected;
        if same {
            let until = current.and_then(|current| current.until);
            world.values.insert(
                key.to_owned(),
                Value {
                    bytes: value.to_vec(),
                    until,
                },
            );
        }
        same
    })
}
