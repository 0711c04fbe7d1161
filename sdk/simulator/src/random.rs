//! Chance: streams that follow from a seed and a purpose, and from nothing else.
//!
//! What a request costs is drawn from a stream of its own, by its number: it costs the same
//! whatever was drawn before, so two selectors face the same requests. The generator is
//! PCG XSL 128/64 (O'Neill 2014), whose numbers are part of its definition.

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// What numbers are for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// When requests arrive.
    Arrivals,
    /// Who sends them, and which thread gets them.
    Clients,
    /// What the host draws: fallback, waits, probes.
    Host,
    /// What one request costs.
    Work,
}

/// The stream of that purpose.
pub(crate) fn stream(seed: u64, purpose: Purpose) -> Pcg64Mcg {
    Pcg64Mcg::seed_from_u64(mix(seed ^ mix(purpose as u64 + 1)))
}

/// The stream of one attempt of one request.
pub(crate) fn of_attempt(seed: u64, request: u64, attempt: u32) -> Pcg64Mcg {
    let purpose = mix(Purpose::Work as u64 + 1);
    Pcg64Mcg::seed_from_u64(mix(mix(seed ^ purpose) ^ mix(request) ^ u64::from(attempt)))
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): neighbours become strangers.
pub(crate) fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
