//! The page as a scraper reads it.

use super::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tidegate_runtime::{FaultKind, Place};

fn lines(metrics: &Metrics, start: &str) -> Vec<String> {
    let page = metrics.render();
    page.lines()
        .filter(|line| line.starts_with(start))
        .map(str::to_owned)
        .collect()
}

fn line(metrics: &Metrics, start: &str) -> String {
    let lines = lines(metrics, start);
    assert_eq!(lines.len(), 1, "{start}: {lines:?}");
    lines[0].clone()
}

#[test]
fn every_family_of_the_host_is_on_the_page_once_with_its_labels() {
    let metrics = Metrics::new("1.2.3");
    let endpoint = metrics.endpoint("web", "10.0.0.1:80");
    let route = metrics.route("web", "api");
    route.observe(
        Some(&endpoint),
        &http::Method::GET,
        Some(200),
        Duration::from_millis(1),
    );
    let _held = (
        metrics.upstream("web"),
        metrics.listener("0.0.0.0:80"),
        metrics.plugin("p", &Place::Route("api".into(), 0)),
    );
    let page = metrics.render();
    for spec in names::ALL {
        let help = format!("# HELP {} ", spec.name);
        assert_eq!(
            page.lines().filter(|line| line.starts_with(&help)).count(),
            1,
            "{}",
            spec.name
        );
        let labels = spec
            .labels
            .iter()
            .all(|label| page.contains(&format!("{label}=\"")));
        assert!(labels, "{}", spec.name);
    }
    let series: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let names: BTreeSet<_> = series
        .iter()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|l| l.0)
        .collect();
    assert_eq!(names.len(), series.len(), "no series twice");
    assert_eq!(
        line(&metrics, "lb_build_info"),
        r#"lb_build_info{version="1.2.3"} 1"#
    );
}

#[test]
fn an_endpoint_counts_attempts_and_requests_in_flight() {
    let metrics = Metrics::new("1");
    let endpoint = metrics.endpoint("web", "a:1");
    endpoint.active().inc();
    endpoint.attempt(AttemptOutcome::ConnectFailure);
    let active = r#"lb_active_connections{backend="a:1",upstream="web"} 1"#;
    assert_eq!(line(&metrics, "lb_active_connections{"), active);
    let attempts = lines(&metrics, "lb_attempts_total{");
    assert_eq!(
        attempts.len(),
        AttemptOutcome::ALL.len(),
        "zero is shown too"
    );
    let failed = r#"lb_attempts_total{backend="a:1",upstream="web",outcome="connect_failure"} 1"#;
    assert!(attempts.iter().any(|line| line == failed), "{attempts:?}");
}

#[test]
fn an_endpoint_is_fit_until_somebody_says_otherwise() {
    let metrics = Metrics::new("1");
    let endpoint = metrics.endpoint("web", "a:1");
    let shown = |family: &str| {
        let start = format!(r#"{family}{{backend="a:1",upstream="web"}} "#);
        line(&metrics, &start)[start.len()..].to_owned()
    };
    let all = || {
        [
            "lb_backend_health_status",
            "lb_backend_eligible",
            "lb_circuit_breaker_state",
            "lb_circuit_breaker_opened_total",
            "lb_backend_ejected",
        ]
        .map(shown)
    };
    assert_eq!(all(), ["1", "1", "0", "0", "0"]);

    endpoint.health().set(0);
    endpoint.eligible().set(0);
    endpoint.breaker().set(2);
    endpoint.breaker_opened();
    endpoint.ejected_now().set(1);
    assert_eq!(all(), ["0", "0", "2", "1", "1"]);
}

#[test]
fn ejections_are_counted_by_reason() {
    let metrics = Metrics::new("1");
    let endpoint = metrics.endpoint("web", "a:1");
    endpoint.ejected(Ejection::SuccessRate);
    let of = |reason| {
        format!(r#"lb_outlier_ejections_total{{backend="a:1",upstream="web",reason="{reason}"}}"#)
    };
    assert_eq!(
        lines(&metrics, "lb_outlier_ejections_total{"),
        [
            of("gateway_failures") + " 0",
            of("local_failures") + " 0",
            of("success_rate") + " 1",
        ]
    );
}

#[test]
fn what_left_the_configuration_leaves_the_page() {
    let metrics = Metrics::new("1");
    let kept = metrics.endpoint("web", "kept");
    let gone = metrics.endpoint("web", "gone");
    let held = (
        metrics.upstream("web"),
        metrics.plugin("p", &Place::Upstream("web".into())),
        metrics.listener(":80"),
    );
    assert_eq!(lines(&metrics, "lb_active_connections{").len(), 2);
    drop(gone);
    assert!(line(&metrics, "lb_active_connections{").contains("kept"));
    drop((kept, held));
    let page = metrics.render();
    assert!(
        !page.contains("upstream=") && !page.contains("listener="),
        "{page}"
    );
}

#[test]
fn a_connection_is_open_until_it_is_dropped() {
    let metrics = Metrics::new("1");
    let listener = metrics.listener("0.0.0.0:80");
    let connections = [listener.connection(), listener.connection()];
    assert_eq!(
        line(&metrics, "lb_connections{"),
        r#"lb_connections{listener="0.0.0.0:80"} 2"#
    );
    drop(connections);
    assert_eq!(
        line(&metrics, "lb_connections{"),
        r#"lb_connections{listener="0.0.0.0:80"} 0"#
    );
    assert!(line(&metrics, "lb_connections_total{").ends_with(" 2"));
}

#[test]
fn a_refused_connection_counts_as_nothing_else() {
    let metrics = Metrics::new("1");
    let listener = metrics.listener(":80");
    let connection = listener.connection();
    listener.refused();
    assert_eq!(listener.open(), 1);
    for (family, count) in [("", 1), ("_total", 1), ("_refused_total", 1)] {
        let expected = format!(r#"lb_connections{family}{{listener=":80"}} {count}"#);
        assert_eq!(
            line(&metrics, &format!("lb_connections{family}{{")),
            expected
        );
    }
    // The listener goes and comes back while a client is still there.
    drop(listener);
    let listener = metrics.listener(":80");
    assert_eq!(listener.open(), 1);
    drop(connection);
    assert_eq!(listener.open(), 0);
}

#[test]
fn upstreams_count_retries_and_fallbacks_by_reason() {
    let metrics = Metrics::new("1");
    let upstream = metrics.upstream("web");
    upstream.retry(RetryReason::Reset);
    upstream.fallback(FallbackReason::NoOpinion);
    let retry = r#"lb_retries_total{upstream="web",reason="reset"}"#;
    assert!(line(&metrics, retry).ends_with(" 1"));
    upstream.retry_refused(RetryRefusal::Budget);
    let refused = r#"lb_retries_refused_total{upstream="web",reason="budget"}"#;
    assert!(line(&metrics, refused).ends_with(" 1"));
    let fallback = r#"lb_fallback_total{upstream="web",reason="no_opinion"}"#;
    assert!(line(&metrics, fallback).ends_with(" 1"));
}

#[test]
fn an_upstream_shows_its_queue_and_its_straits() {
    let metrics = Metrics::new("1");
    let upstream = metrics.upstream("web");
    upstream.queue_length().inc();
    upstream.queue_wait(Duration::from_millis(3));
    upstream.queue_refused(QueueRefusal::Timeout);
    upstream.panic().set(1);
    upstream.spilled().set(1);
    upstream.attempt_took(Duration::from_micros(90));
    upstream.attempt_took(Duration::from_secs(61));
    let page = metrics.render();
    for expected in [
        r#"lb_queue_length{upstream="web"} 1"#,
        r#"lb_queue_wait_seconds_bucket{upstream="web",le="0.0025"} 0"#,
        r#"lb_queue_wait_seconds_bucket{upstream="web",le="0.005"} 1"#,
        r#"lb_queue_wait_seconds_bucket{upstream="web",le="30"} 1"#,
        r#"lb_queue_refused_total{upstream="web",reason="full"} 0"#,
        r#"lb_queue_refused_total{upstream="web",reason="timeout"} 1"#,
        r#"lb_panic{upstream="web"} 1"#,
        r#"lb_spilled{upstream="web"} 1"#,
        r#"lb_attempt_duration_seconds_bucket{upstream="web",le="0.0001"} 1"#,
        r#"lb_attempt_duration_seconds_bucket{upstream="web",le="60"} 1"#,
        r#"lb_attempt_duration_seconds_bucket{upstream="web",le="+Inf"} 2"#,
    ] {
        assert!(page.lines().any(|line| line == expected), "{expected}");
    }
}

#[test]
fn a_plugin_counts_calls_faults_instances_and_its_generation() {
    let metrics = Metrics::new("1");
    let plugin = metrics.plugin("sticky", &Place::Upstream("web".into()));
    plugin.call(Phase::Select, 95);
    plugin.call(Phase::Select, 300_000_000);
    plugin.call_untimed(Phase::Select);
    plugin.fault(Phase::Select, FaultKind::Trap);
    plugin.instances().inc();
    plugin.generation().set(7);
    let place = r#"plugin="sticky",upstream="web",route="""#;
    let labels = format!(r#"{place},phase="select""#);
    for expected in [
        format!("lb_plugin_calls_total{{{labels}}} 3"),
        format!("lb_plugin_faults_total{{{labels},kind=\"trap\"}} 1"),
        format!("lb_plugin_call_seconds_bucket{{{labels},le=\"0.0000001\"}} 1"),
        format!("lb_plugin_call_seconds_bucket{{{labels},le=\"+Inf\"}} 2"),
        format!("lb_plugin_instances{{{place}}} 1"),
        format!("lb_plugin_generation{{{place}}} 7"),
    ] {
        assert!(
            metrics.render().lines().any(|line| line == expected),
            "{expected}"
        );
    }
}

#[test]
fn reloads_are_counted_by_result() {
    let metrics = Metrics::new("1");
    metrics.started(1);
    metrics.reload_refused();
    assert_eq!(
        line(&metrics, "lb_config_last_reload_successful"),
        "lb_config_last_reload_successful 0"
    );
    assert_eq!(
        line(&metrics, "lb_config_generation"),
        "lb_config_generation 1"
    );
    metrics.reloaded(2);
    assert_eq!(
        line(&metrics, "lb_config_last_reload_successful"),
        "lb_config_last_reload_successful 1"
    );
    assert_eq!(
        line(&metrics, "lb_config_generation"),
        "lb_config_generation 2"
    );
    let results = lines(&metrics, "lb_config_reloads_total{");
    assert!(
        results.iter().all(|line| line.ends_with(" 1")),
        "{results:?}"
    );
}

#[test]
fn two_metrics_share_nothing() {
    let (one, other) = (Metrics::new("1"), Metrics::new("1"));
    let _held = one.endpoint("web", "a");
    assert!(!other.render().contains("web"));
}
