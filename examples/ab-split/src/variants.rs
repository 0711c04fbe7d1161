//! Which variant a user gets: rendezvous hashing with weights (Schindelhauer, Schomaker 2005).
//!
//! Each variant has a score for each user, from the name of the one and the key of the other, and the
//! highest wins. A weight scales the scores of its own variant and of no other. So when a weight
//! grows, users come to that variant from all others, in proportion, and nobody moves between the
//! others; when it shrinks, users leave it and nobody else moves. Not one more moves than must.

use serde::Deserialize;
use tidegate_sdk::algorithms::{hash, mix};

use crate::name::Name;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub name: Name,
    pub weight: u32,
    /// Where its requests go; the route's upstream unless written.
    pub upstream: Option<String>,
}

/// At least one of them has a weight, and all have names of their own.
pub struct Variants(Vec<Variant>);

impl Variants {
    pub fn new(variants: Vec<Variant>) -> Result<Self, String> {
        for (i, Variant { name, upstream, .. }) in variants.iter().enumerate() {
            if variants[..i].iter().any(|other| other.name == *name) {
                return Err(format!("variants[{i}].name: `{}` is there twice", &**name));
            }
            if upstream.as_deref() == Some("") {
                return Err(format!("variants[{i}].upstream: a name is missing"));
            }
        }
        if variants.len() > 32 || variants.iter().all(|variant| variant.weight == 0) {
            return Err(
                "variants: write from 1 to 32, one of them with a weight, such as \
                [{ name: old, weight: 90 }, { name: new, weight: 10 }]"
                    .to_owned(),
            );
        }
        Ok(Variants(variants))
    }

    /// The variant of that name, if anybody is to see it.
    pub fn named(&self, name: &str) -> Option<&Variant> {
        let live = |variant: &&Variant| variant.weight > 0 && &*variant.name == name;
        self.0.iter().find(live)
    }

    /// The variant of the user with that hash.
    pub fn of(&self, user: u64) -> &Variant {
        let score = |variant: &&Variant| score(user, &variant.name, variant.weight);
        let best = self
            .0
            .iter()
            .max_by(|one, other| score(one).total_cmp(&score(other)));
        // There is one: `new` refuses a list without a weight.
        best.unwrap_or(&self.0[0])
    }
}

/// The user of an experiment: another experiment throws other dice.
pub fn user(experiment: &str, key: &str) -> u64 {
    mix(hash(experiment.as_bytes())) ^ hash(key.as_bytes())
}

fn score(user: u64, variant: &str, weight: u32) -> f64 {
    let bits = mix(user ^ mix(hash(variant.as_bytes()))) >> 11;
    // In the middle of its 2^-53: neither 0 nor 1.
    let uniform = (bits as f64 + 0.5) / (1u64 << 53) as f64;
    -f64::from(weight) / uniform.ln()
}

#[cfg(test)]
mod tests {
    use tidegate_sdk::config::Config;

    use super::*;

    fn variants(weights: &[(&str, u32)]) -> Variants {
        let of = |(name, weight): &(&str, u32)| Variant {
            name: <Name as Config>::parse(&format!("\"{name}\"")).unwrap(),
            weight: *weight,
            upstream: None,
        };
        Variants::new(weights.iter().map(of).collect()).unwrap()
    }

    fn of(variants: &Variants, i: u32) -> String {
        variants
            .of(user("checkout", &i.to_string()))
            .name
            .to_string()
    }

    #[test]
    fn shares_are_weights_and_only_what_must_moves() {
        let before = variants(&[("a", 50), ("b", 30), ("c", 20)]);
        let after = variants(&[("a", 50), ("b", 80), ("c", 20)]);
        let without = variants(&[("a", 50), ("b", 0), ("c", 20)]);
        let (mut shares, mut moved) = ([0u32; 3], 0);
        for i in 0..20_000 {
            let first = of(&before, i);
            shares[usize::from(first.as_bytes()[0] - b'a')] += 1;
            let second = of(&after, i);
            assert!(second == first || second == "b");
            moved += u32::from(second != first);
            let third = of(&without, i);
            assert!(third != "b" && (third == first || first == "b"));
        }
        // Five standard deviations are below 360.
        assert!(
            shares
                .iter()
                .zip([10_000, 6_000, 4_000])
                .all(|(n, m)| n.abs_diff(m) < 360)
        );
        // From 30 of 100 to 80 of 150.
        assert!(moved.abs_diff(4_667) < 360, "{moved}");
    }

    #[test]
    fn two_experiments_do_not_choose_alike() {
        let variants = variants(&[("a", 1), ("b", 1)]);
        let same = (0..10_000).filter(|i| {
            let by = |experiment| {
                variants
                    .of(user(experiment, &i.to_string()))
                    .name
                    .to_string()
            };
            by("checkout") == by("search")
        });
        assert!(same.count().abs_diff(5_000) < 250);
    }
}
