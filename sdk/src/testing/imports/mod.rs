//! The host's functions, answered from the fakes: the same names and types as the generated
//! bindings, so that the public modules need to know nothing of it.

pub mod http_client;
pub mod metrics;
pub mod state;

pub mod request {
    use crate::testing::world::World;

    pub fn method() -> String {
        World::exchange(|_, request| request.method.clone())
    }
    pub fn scheme() -> String {
        World::exchange(|_, request| request.scheme.clone())
    }
    pub fn authority() -> String {
        World::exchange(|_, request| request.authority.clone())
    }
    pub fn path() -> String {
        World::exchange(|_, request| request.path.clone())
    }
    pub fn query_parameter(name: &str) -> Option<String> {
        World::exchange(|_, request| request.parameter(name))
    }
    pub fn query() -> Option<String> {
        World::exchange(|_, request| request.query.clone())
    }
    pub fn header(name: &str) -> Option<Vec<u8>> {
        World::exchange(|_, request| request.field(name).map(<[u8]>::to_vec))
    }
    pub fn headers() -> Vec<(String, Vec<u8>)> {
        World::exchange(|_, request| request.headers.clone())
    }
    pub fn cookie(name: &str) -> Option<String> {
        World::exchange(|_, request| request.cookie_value(name).map(str::to_owned))
    }
    pub fn client_address() -> String {
        World::exchange(|_, request| request.client.clone())
    }
    pub fn client_hash() -> u64 {
        World::exchange(|_, request| request.client_hash())
    }
    pub fn attribute(name: &str) -> Option<String> {
        World::exchange(|_, request| {
            let mut attributes = request.attributes.iter();
            attributes
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        })
    }
    pub fn route() -> String {
        World::exchange(|_, request| request.route.clone())
    }
    pub fn attempt() -> u32 {
        World::exchange(|_, request| request.attempt)
    }
}

pub mod response {
    use crate::testing::fields;
    use crate::testing::world::World;

    pub fn status() -> u16 {
        World::answered(|response| response.status)
    }
    pub fn header(name: &str) -> Option<Vec<u8>> {
        World::answered(|response| fields::first(&response.headers, name).map(<[u8]>::to_vec))
    }
    pub fn headers() -> Vec<(String, Vec<u8>)> {
        World::answered(|response| response.headers.clone())
    }
    pub fn endpoint() -> Option<String> {
        World::answered(|response| response.endpoint.clone())
    }
}

pub mod load {
    use crate::testing::world::World;

    pub fn in_flight() -> Vec<u32> {
        World::exchange(|world, _| world.in_flight.clone())
    }
    pub fn in_flight_of(index: u32) -> u32 {
        World::exchange(|world, _| world.in_flight.get(index as usize).copied().unwrap_or(0))
    }
    pub fn total() -> u32 {
        World::exchange(|world, _| world.in_flight.iter().sum())
    }
    pub fn latency() -> Vec<u32> {
        World::exchange(|world, _| world.latency.clone())
    }
    pub fn latency_of(index: u32) -> u32 {
        World::exchange(|world, _| world.latency.get(index as usize).copied().unwrap_or(0))
    }
    pub fn excluded() -> Vec<u32> {
        World::exchange(|world, _| world.excluded.iter().copied().collect())
    }
}

pub mod clock {
    use crate::testing::world::World;

    pub fn now() -> u64 {
        World::with(|world| world.now.as_nanos() as u64)
    }
    pub fn wall() -> u64 {
        World::with(|world| world.wall.as_millis() as u64)
    }
}

pub mod random {
    use crate::algorithms::mix;
    use crate::testing::world::World;

    /// SplitMix64 (Steele, Lea, Flood 2014).
    pub fn next() -> u64 {
        World::with(|world| {
            world.random = world.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(world.random)
        })
    }
}

pub mod log {
    use crate::log::Level;
    use crate::testing::world::World;

    pub fn enabled(_: Level) -> bool {
        true
    }
    pub fn write(level: Level, message: &str) {
        World::with(|world| world.lines.push((level, message.to_owned())));
    }
}
