//! What keeps an upstream in service: every key with all its forms, and what stands where none
//! is written.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use http::Method;
use tidegate_policy::{
    BreakerRule, BudgetRule, FailureShare, HealthRule, OutlierRule, QueueRule, RetryRule,
    StatusSet, SuccessRate, Verdict,
};

use super::{WEB, accept};
use crate::config::value::{Check, CheckTls, GrpcCheck, Health, HttpCheck, Route, Upstream};

/// The upstream of the smallest file, but with two endpoints and these keys.
fn web(keys: &str) -> Upstream {
    let endpoints = "127.0.0.1:8001, 127.0.0.1:8002";
    let keys = format!("endpoints: [{endpoints}], {keys}");
    let text = WEB.replace("endpoints: [127.0.0.1:8001]", &keys);
    accept(&text).upstreams.remove("web").unwrap()
}

fn route(keys: &str) -> Route {
    let text = WEB.replace("upstream: web }", &format!("upstream: web, {keys} }}"));
    accept(&text).routes.remove(0)
}

fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[test]
fn what_is_not_written_is_careful() {
    let web = &accept(WEB).upstreams["web"];
    assert_eq!(web.breaker, Some(BreakerRule::default()));
    assert!(web.health.is_none() && web.outlier.is_none() && web.limits.is_none());
    assert_eq!((web.slow_start, web.panic_percent), (None, 50));
    assert_eq!(web.retry_budget, BudgetRule::default());
}

const EVERY_FIVE_SECONDS: HealthRule = HealthRule {
    rise: NonZeroU32::new(2).unwrap(),
    fall: NonZeroU32::new(3).unwrap(),
    interval: Duration::from_secs(5),
    down_interval: Duration::from_secs(1),
    initial: Verdict::Up,
};

fn plain(check: Check) -> Health {
    Health {
        check,
        port: None,
        timeout: seconds(1),
        rule: EVERY_FIVE_SECONDS,
    }
}

fn get(path: &str) -> HttpCheck {
    HttpCheck {
        method: Method::GET,
        path: path.into(),
        host: None,
        statuses: StatusSet::range(200, 299),
        body: None,
        tls: None,
    }
}

const SYSTEM: CheckTls = CheckTls {
    server_name: None,
    ca: None,
    verify: true,
};

#[test]
fn each_probe_has_a_short_form() {
    let grpc = GrpcCheck {
        service: String::new(),
        authority: None,
        tls: None,
    };
    let https = HttpCheck {
        tls: Some(SYSTEM),
        ..get("/")
    };
    for (written, check) in [
        ("tcp", Check::Tcp),
        ("{ tcp: {} }", Check::Tcp),
        ("{ http: {} }", Check::Http(get("/"))),
        ("{ https: {} }", Check::Http(https)),
        ("{ grpc: {} }", Check::Grpc(grpc)),
    ] {
        let health = web(&format!("health: {written}")).health.unwrap();
        assert_eq!(*health, plain(check), "{written}");
    }
}

#[test]
fn every_key_of_a_probe_arrives() {
    let health = |keys: &str| web(&format!("health: {{ {keys} }}")).health.unwrap();
    let request = "path: \"/health?full=1\", method: HEAD, host: \"web:8080\", status: [204, 300-399, \"401\"]";
    let expected = HttpCheck {
        method: Method::HEAD,
        host: Some("web:8080".into()),
        statuses: StatusSet::range(204, 204).with(300, 399).with(401, 401),
        ..get("/health?full=1")
    };
    let http = health(&format!("http: {{ {request} }}"));
    assert_eq!(http.check, Check::Http(expected.clone()));

    let https = health(&format!(
        "https: {{ {request}, server_name: Web.internal, ca: keys/internal.pem }}"
    ));
    let tls = CheckTls {
        server_name: Some("web.internal".into()),
        ca: Some(Path::new("keys/internal.pem").into()),
        verify: true,
    };
    let expected = HttpCheck {
        tls: Some(tls.clone()),
        ..expected
    };
    assert_eq!(https.check, Check::Http(expected));

    let body = health("http: { path: /health, body: \"ok\" }")
        .check
        .clone();
    let expected = HttpCheck {
        body: Some("ok".into()),
        ..get("/health")
    };
    assert_eq!(body, Check::Http(expected));

    let grpc = health(
        "grpc: { service: shop.Cart, authority: cart, tls: { server_name: web.internal, ca: keys/internal.pem } }",
    );
    let expected = GrpcCheck {
        service: "shop.Cart".into(),
        authority: Some("cart".into()),
        tls: Some(tls),
    };
    assert_eq!(grpc.check, Check::Grpc(expected));

    for (written, tls) in [
        ("tls: {}", SYSTEM),
        ("tls: { verify: true }", SYSTEM),
        (
            "tls: { verify: false }",
            CheckTls {
                verify: false,
                ..SYSTEM
            },
        ),
    ] {
        let grpc = health(&format!("grpc: {{ {written} }}"));
        let Check::Grpc(check) = &grpc.check else {
            panic!("{grpc:?}");
        };
        assert_eq!(check.tls, Some(tls), "{written}");
    }

    let often = health(
        "tcp: {}, port: 9000, interval: 10s, down_interval: 20s, timeout: 10s, rise: 1, fall: 100, initial: down",
    );
    let expected = Health {
        check: Check::Tcp,
        port: Some(9000),
        timeout: seconds(10),
        rule: HealthRule {
            rise: count(1),
            fall: count(100),
            interval: seconds(10),
            down_interval: seconds(20),
            initial: Verdict::Down,
        },
    };
    assert_eq!(*often, expected);
}

#[test]
fn what_a_probe_leaves_out_follows_its_interval() {
    let health = web("health: { tcp: {}, interval: 200ms, initial: up }")
        .health
        .unwrap();
    let interval = Duration::from_millis(200);
    assert_eq!(
        (
            health.timeout,
            health.rule.down_interval,
            health.rule.interval
        ),
        (interval, interval, interval)
    );
}

#[test]
fn a_breaker_is_on_until_it_is_off() {
    let breaker = |written: &str| web(&format!("breaker: {written}")).breaker;
    let default = BreakerRule::default();
    assert_eq!(breaker("off"), None);
    assert_eq!(breaker("{}"), Some(default));
    let share = |percent, window, minimum| {
        Some(FailureShare {
            percent,
            window: seconds(window),
            minimum: count(minimum),
        })
    };
    let everything = "{ consecutive_failures: off, failure_share: { share: 100%, window: 1m, minimum: 50 }, \
                      statuses: [500, 502-504, \"429\"], cooldown: 10s, max_cooldown: 10m, probes: 5 }";
    assert_eq!(
        breaker(everything),
        Some(BreakerRule {
            consecutive_failures: None,
            failure_share: share(100, 60, 50),
            statuses: StatusSet::range(502, 504).with(500, 500).with(429, 429),
            cooldown: seconds(10),
            max_cooldown: seconds(600),
            probes: count(5),
        })
    );
    for (written, expected) in [
        (
            "{ consecutive_failures: 1 }",
            BreakerRule {
                consecutive_failures: Some(count(1)),
                ..default
            },
        ),
        (
            "{ failure_share: 50% }",
            BreakerRule {
                failure_share: share(50, 10, 20),
                ..default
            },
        ),
        (
            "{ failure_share: { share: 1%, minimum: 1 } }",
            BreakerRule {
                failure_share: share(1, 10, 1),
                ..default
            },
        ),
        (
            "{ statuses: [] }",
            BreakerRule {
                statuses: StatusSet::empty(),
                ..default
            },
        ),
        (
            "{ cooldown: 2m }",
            BreakerRule {
                cooldown: seconds(120),
                max_cooldown: seconds(120),
                ..default
            },
        ),
        (
            "{ max_cooldown: 1s }",
            BreakerRule {
                cooldown: seconds(1),
                max_cooldown: seconds(1),
                ..default
            },
        ),
    ] {
        assert_eq!(breaker(written), Some(expected), "{written}");
    }
}

#[test]
fn outliers_are_ejected_where_it_is_written() {
    let outlier = |written: &str| web(&format!("outlier: {written}")).outlier;
    let default = OutlierRule::default();
    assert_eq!(outlier("off"), None);
    assert_eq!(outlier("{}"), Some(default));
    let rate = |deviations_percent, minimum_requests, minimum_endpoints| {
        Some(SuccessRate {
            deviations_percent,
            minimum_requests,
            minimum_endpoints,
        })
    };
    let everything = "{ gateway_failures: 3, local_failures: off, interval: 10s, eject_for: 1m, \
                      max_eject_for: 1h, max_ejected: 100%, \
                      success_rate: { stdev: 2.55, minimum_requests: 100, minimum_endpoints: 5 } }";
    assert_eq!(
        outlier(everything),
        Some(OutlierRule {
            gateway_failures: Some(count(3)),
            local_failures: None,
            success_rate: rate(255, 100, 5),
            interval: seconds(10),
            eject_for: seconds(60),
            max_eject_for: seconds(3600),
            max_ejected_percent: 100,
        })
    );
    for (written, expected) in [
        (
            "{ gateway_failures: off, success_rate: off }",
            OutlierRule {
                gateway_failures: None,
                success_rate: None,
                ..default
            },
        ),
        ("{ success_rate: {} }", default),
        (
            "{ success_rate: { stdev: 2 } }",
            OutlierRule {
                success_rate: rate(200, 20, 2),
                ..default
            },
        ),
        (
            "{ success_rate: { stdev: \"${WEIGHT}\" } }",
            OutlierRule {
                success_rate: rate(700, 20, 2),
                ..default
            },
        ),
        (
            "{ success_rate: { stdev: \"${STDEV:-0.1}\", minimum_endpoints: 3 } }",
            OutlierRule {
                success_rate: rate(10, 20, 3),
                ..default
            },
        ),
        (
            "{ eject_for: 10m }",
            OutlierRule {
                eject_for: seconds(600),
                max_eject_for: seconds(600),
                ..default
            },
        ),
        (
            "{ max_eject_for: 5s }",
            OutlierRule {
                eject_for: seconds(5),
                max_eject_for: seconds(5),
                ..default
            },
        ),
    ] {
        assert_eq!(outlier(written), Some(expected), "{written}");
    }
}

#[test]
fn one_place_may_become_several() {
    for endpoints in [
        "endpoints: [web.internal:80], outlier: {}",
        "endpoints: [{ address: 10.0.0.1:80, max_in_flight: 5 }, 10.0.0.2:80], limits: { queue: 1 }",
    ] {
        accept(&WEB.replace("endpoints: [127.0.0.1:8001]", endpoints));
    }
}

#[test]
fn limits_bound_requests_and_those_that_wait() {
    for (written, max_in_flight, length, timeout) in [
        ("{ max_in_flight: 1000 }", Some(1000), 0, 2),
        ("{ max_in_flight: 1000, queue: 500 }", Some(1000), 500, 2),
        (
            "{ max_in_flight: 1, queue: 500, queue_timeout: 1m }",
            Some(1),
            500,
            60,
        ),
        ("{ queue: 0 }", None, 0, 2),
    ] {
        let expected = QueueRule {
            max_in_flight,
            length,
            timeout: seconds(timeout),
        };
        let limits = web(&format!("limits: {written}")).limits;
        assert_eq!(limits, Some(expected), "{written}");
    }
}

#[test]
fn shares_and_times_arrive() {
    assert_eq!(web("slow_start: 30s").slow_start, Some(seconds(30)));
    for (written, percent) in [("50%", 50), ("0%", 0), ("off", 0), ("100%", 100)] {
        let panic = web(&format!("panic_threshold: {written}")).panic_percent;
        assert_eq!(panic, percent, "{written}");
    }
    for (written, percent, floor) in [
        ("35%", 35, 10),
        ("0%", 0, 10),
        ("1000%", 1000, 10),
        ("{}", 20, 10),
        ("{ share: 5% }", 5, 10),
        ("{ floor: 3 }", 20, 3),
        ("{ share: 0%, floor: 0 }", 0, 0),
        ("\"${SHARE:-30%}\"", 30, 10),
    ] {
        let budget = web(&format!("retry_budget: {written}")).retry_budget;
        assert_eq!(budget, BudgetRule { percent, floor }, "{written}");
    }
}

#[test]
fn a_route_says_what_is_worth_another_attempt() {
    let route = route(
        "timeout: 10s, retry: { attempts: 2, on: [connect_failure, 502, 503-504, \"429\"], \
         per_attempt: 10s, non_idempotent: true, backoff: { base: 1ms } }",
    );
    let retry = route.retry;
    assert!(retry.on.connect_failure && !retry.on.reset && !retry.on.timeout);
    assert_eq!(retry.on.statuses, StatusSet::range(502, 504).with(429, 429));
    assert_eq!(
        (retry.per_attempt, retry.non_idempotent),
        (Some(seconds(10)), true)
    );
    assert_eq!(retry.attempts, count(2));

    let once = self::route("retry: { attempts: 1, per_attempt: 1s }").retry;
    assert_eq!(
        (once.attempts, once.per_attempt),
        (count(1), Some(seconds(1)))
    );
    assert!(once.on.connect_failure && once.on.statuses.is_empty() && !once.non_idempotent);

    let nothing = self::route("retry: { on: [] }").retry.on;
    assert!(!nothing.connect_failure && !nothing.reset && !nothing.timeout);
    assert_eq!(self::route("name: a").retry, RetryRule::default());
}
