//! Whom a key prefers: rendezvous hashing (Thaler, Ravishankar 1998), with weights as in Schindelhauer,
//! Schomaker 2005.
//!
//! Each endpoint has a score for each key, from the two of them alone. The order by score is the
//! same on all threads and proxies; an endpoint that goes moves its own keys only, each to the next
//! in its order, and gets them back when it returns.

use tidegate_sdk::algorithms::mix;

/// The score of the endpoint with that id for that key: the highest is preferred, each as often as
/// its weight says.
pub fn score(key: u64, id: u64, weight: f64) -> f64 {
    let bits = mix(key ^ mix(id)) >> 11;
    // In the middle of its 2^-53: neither 0 nor 1.
    let uniform = (bits as f64 + 0.5) / (1u64 << 53) as f64;
    -weight / uniform.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(key: u64, weights: &[f64]) -> usize {
        let scores = (0u64..).zip(weights).map(|(id, &w)| score(mix(key), id, w));
        let best = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        best.unwrap().0
    }

    #[test]
    fn weights_are_shares_and_only_what_must_moves() {
        let (mut before, mut moved) = ([0u32; 3], 0);
        for key in 0..30_000 {
            let home = preferred(key, &[1.0, 2.0, 3.0]);
            before[home] += 1;
            let heavier = preferred(key, &[1.0, 2.0, 6.0]);
            assert!(heavier == home || heavier == 2);
            moved += u32::from(heavier != home);
        }
        // From a half to two thirds; five standard deviations are below 450.
        assert!(
            before
                .iter()
                .zip([5_000, 10_000, 15_000])
                .all(|(&n, m)| n.abs_diff(m) < 450)
        );
        assert!(moved.abs_diff(5_000) < 450, "{moved}");
    }

    #[test]
    fn every_score_is_a_number() {
        for key in [0, 1, u64::MAX] {
            assert!(score(key, key, 1.0).is_finite());
            assert!(score(key, 0, 1e6) > 0.0);
        }
    }
}
