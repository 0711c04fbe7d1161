//! The selector among servers that work, queue and report, as far as a test without a clock can.

use tidegate_sdk::algorithms::mix;

use super::*;

const SERVERS: usize = 6;
const TICKS: u64 = 3_000;
/// For six servers that do one request in a tick each.
const ARRIVALS: u64 = 5;

/// How even the queues were, and how often a prefix met its home.
struct Outcome {
    largest_difference: u32,
    at_home: f64,
}

fn run(margin: u32, prefix: impl Fn(u64) -> u64) -> Outcome {
    let host = Host::new();
    let config = format!(r#"{{"margin": {margin}}}"#);
    let mut selector = configured(&host, &config, &endpoints(SERVERS as u32));
    let home = |selector: &mut Plugin<Picker>, prefix| {
        host.in_flight(&[]);
        pick(&host, selector, of(prefix, ""))
    };
    let homes: Vec<u32> = (0..64).map(|prefix| home(&mut selector, prefix)).collect();
    let mut queues = [0u32; SERVERS];
    let mut reports = [(0, 0u8); SERVERS];
    let mut outcome = Outcome {
        largest_difference: 0,
        at_home: 0.0,
    };
    for request in 0..TICKS * ARRIVALS {
        let text = reports.iter().enumerate();
        let text: Vec<String> = text
            .map(|(i, (depth, number))| format!("10.0.0.{i}:80={depth}~{number}"))
            .collect();
        host.in_flight(&queues);
        let prefix = prefix(mix(request));
        let chosen = pick(&host, &mut selector, of(prefix, &text.join(" ")));
        queues[chosen as usize] += 1;
        outcome.at_home += f64::from(u8::from(chosen == homes[prefix as usize]));
        let most = queues.iter().max().unwrap_or(&0);
        let least = queues.iter().min().unwrap_or(&0);
        outcome.largest_difference = outcome.largest_difference.max(most - least);
        if request % ARRIVALS == ARRIVALS - 1 {
            for (queue, report) in queues.iter_mut().zip(&mut reports) {
                if *queue > 0 {
                    *queue -= 1;
                    *report = (*queue, report.1.wrapping_add(1));
                }
            }
        }
    }
    outcome.at_home /= (TICKS * ARRIVALS) as f64;
    outcome
}

/// Half of all requests have one of four prefixes; the others have one of sixty.
fn skewed(random: u64) -> u64 {
    match random % 2 {
        0 => (random >> 8) % 4,
        _ => 4 + (random >> 8) % 60,
    }
}

#[test]
fn queues_stay_within_the_margin_and_prefixes_at_home() {
    let narrow = run(0, skewed);
    let usual = run(4, skewed);
    let wide = run(30, skewed);
    let differences = [&narrow, &usual, &wide].map(|outcome| outcome.largest_difference);
    assert!(
        differences[0] <= 1 && differences[1] <= 5,
        "{differences:?}"
    );
    assert!(differences[2] <= 31, "{differences:?}");
    let homes = [narrow.at_home, usual.at_home, wide.at_home];
    assert!(homes[0] < homes[1] && homes[1] < homes[2], "{homes:?}");
    assert!(homes[1] > 0.7, "{homes:?}");
}

#[test]
fn one_prefix_for_all_uses_all_servers() {
    let outcome = run(4, |_| 0);
    assert!(
        outcome.largest_difference <= 5,
        "{}",
        outcome.largest_difference
    );
    assert!(outcome.at_home < 0.5, "{}", outcome.at_home);
}
