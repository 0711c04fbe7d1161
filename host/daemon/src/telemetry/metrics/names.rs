//! Every family of the metrics page: its name, help, labels and buckets, once.
//!
//! The names are a promise to dashboards and alerts. Values of labels come from the
//! configuration or from a fixed list (`labels`), never from a request. What plugins
//! add on their own (`own`) is named `lb_plugin_<name>` and may not use a name
//! that stands here.

/// One family: what the page says of it besides its values.
#[derive(Debug)]
pub struct Spec {
    /// Name on the page.
    pub name: &'static str,
    /// One sentence for a reader of the page.
    pub help: &'static str,
    /// Names of the labels, in the order in which values are given.
    pub labels: &'static [&'static str],
}

/// Collects the families and the list of all of them.
macro_rules! families {
    ($($(#[$doc:meta])* $constant:ident = $name:literal [$($label:literal),*] $help:literal;)*) => {
        $($(#[$doc])* pub const $constant: Spec =
            Spec { name: $name, help: $help, labels: &[$($label),*] };)*
        /// Every family of the host.
        pub const ALL: &[&Spec] = &[$(&$constant),*];
    };
}

families! {
    /// Finished exchanges.
    REQUESTS = "lb_requests_total" ["method", "status", "backend", "upstream", "route"]
        "Finished requests; backend is empty when the host itself answered.";
    /// Time of whole exchanges.
    REQUEST_DURATION = "lb_request_duration_seconds" ["upstream", "route"]
        "Time from the request head to the last byte of the response.";
    /// Requests in flight.
    ACTIVE = "lb_active_connections" ["backend", "upstream"]
        "Requests in flight to an endpoint.";
    /// What the checks say of an endpoint.
    HEALTH = "lb_backend_health_status" ["backend", "upstream"]
        "1 while the health checks find an endpoint up, 0 while they find it down; 1 without checks.";
    /// Endpoints that may be chosen.
    ELIGIBLE = "lb_backend_eligible" ["backend", "upstream"]
        "1 while an endpoint may be chosen: it is up, not ejected, its breaker lets requests through, it has room.";
    /// State of a breaker.
    BREAKER = "lb_circuit_breaker_state" ["backend", "upstream"]
        "Breaker of an endpoint: 0 closed (requests flow), 1 open, 2 half open.";
    /// Breakers that opened.
    BREAKER_OPENED = "lb_circuit_breaker_opened_total" ["backend", "upstream"]
        "How often the breaker of an endpoint opened, after a failed trial too.";
    /// Outliers that are out now.
    EJECTED = "lb_backend_ejected" ["backend", "upstream"]
        "1 while an endpoint is ejected because it stands out from the others.";
    /// Ejections by why.
    EJECTIONS = "lb_outlier_ejections_total" ["backend", "upstream", "reason"]
        "How often an endpoint was ejected, by why.";
    /// Attempts by what became of them.
    ATTEMPTS = "lb_attempts_total" ["backend", "upstream", "outcome"]
        "Attempts at an endpoint, by what became of them.";
    /// Time to the head of a response.
    ATTEMPT_DURATION = "lb_attempt_duration_seconds" ["upstream"]
        "Time from the start of an attempt to the head of its response.";
    /// Attempts that were followed by another.
    RETRIES = "lb_retries_total" ["upstream", "reason"]
        "Attempts that were repeated, by what the one before died of.";
    /// Attempts that were not followed by another.
    RETRIES_REFUSED = "lb_retries_refused_total" ["upstream", "reason"]
        "Failed attempts that their route would have repeated and that were not, by why.";
    /// Choices made by the host instead of the selector.
    FALLBACK = "lb_fallback_total" ["upstream", "reason"]
        "Endpoints chosen by the host instead of the selector, by why.";
    /// Requests that wait.
    QUEUE_LENGTH = "lb_queue_length" ["upstream"]
        "Requests that wait for a place in an upstream.";
    /// How long they waited.
    QUEUE_WAIT = "lb_queue_wait_seconds" ["upstream"]
        "Time that requests waited in the queue of an upstream before they got a place.";
    /// Requests that did not get a place.
    QUEUE_REFUSED = "lb_queue_refused_total" ["upstream", "reason"]
        "Requests that got no place in an upstream, by why.";
    /// Whether everything is used for want of anything better.
    PANIC = "lb_panic" ["upstream"]
        "1 while so few endpoints of an upstream are fit that all are used, fit or not.";
    /// Whether lower priorities are used.
    SPILLED = "lb_spilled" ["upstream"]
        "1 while endpoints of a lower priority are in use.";
    /// Open client connections.
    CONNECTIONS = "lb_connections" ["listener"]
        "Open connections of clients.";
    /// Accepted client connections.
    CONNECTIONS_TOTAL = "lb_connections_total" ["listener"]
        "Connections accepted from clients.";
    /// Client connections that found no room.
    CONNECTIONS_REFUSED = "lb_connections_refused_total" ["listener"]
        "Connections of clients that were answered with 503 and closed, or just closed, because the listener had as many as it may have.";
    /// Client connections on which TLS did not come about.
    HANDSHAKES_FAILED = "lb_tls_handshakes_failed_total" ["listener"]
        "Connections of clients that were closed because TLS did not come about.";
    /// Connections of HTTP/2 on which there was too much of something.
    FLOODS = "lb_http2_floods_total" ["listener"]
        "Connections of HTTP/2 that were ended because the client did too much of something: the access log says of what.";
    /// Calls into plugins.
    PLUGIN_CALLS = "lb_plugin_calls_total" ["plugin", "upstream", "route", "phase"]
        "Calls into a plugin: a selector of an upstream, a filter of a route.";
    /// Failed calls into plugins.
    PLUGIN_FAULTS = "lb_plugin_faults_total" ["plugin", "upstream", "route", "phase", "kind"]
        "Calls into a plugin that failed, by how.";
    /// Calls that were not made.
    PLUGIN_BYPASSED = "lb_plugin_bypassed_total" ["plugin", "upstream", "route", "phase"]
        "Calls into a plugin that were not made, because it is in quarantine.";
    /// Time of one call.
    PLUGIN_CALL = "lb_plugin_call_seconds" ["plugin", "upstream", "route", "phase"]
        "Time of one call into a plugin, its calls out included.";
    /// What filters did.
    PLUGIN_DEEDS = "lb_plugin_deeds_total" ["plugin", "upstream", "route", "deed"]
        "What a filter made of an exchange, other than letting it pass.";
    /// Live instances.
    PLUGIN_INSTANCES = "lb_plugin_instances" ["plugin", "upstream", "route"]
        "Live instances of a plugin.";
    /// The most memory of one instance.
    PLUGIN_MEMORY = "lb_plugin_memory_high_bytes" ["plugin", "upstream", "route"]
        "The most memory that one instance of the running version has had.";
    /// Whether it is set aside.
    PLUGIN_QUARANTINED = "lb_plugin_quarantined" ["plugin", "upstream", "route"]
        "1 while a plugin is set aside because it kept failing.";
    /// Generation of the loaded plugin.
    PLUGIN_GENERATION = "lb_plugin_generation" ["plugin", "upstream", "route"]
        "Generation of the configuration that brought the running version of a plugin.";
    /// Generation of the running configuration.
    CONFIG_GENERATION = "lb_config_generation" []
        "Generation of the running configuration.";
    /// Reloads by how they ended.
    CONFIG_RELOADS = "lb_config_reloads_total" ["result"]
        "Reloads of the configuration, by how they ended.";
    /// Whether the last reload was applied.
    CONFIG_LAST_RELOAD = "lb_config_last_reload_successful" []
        "1 when the last reload was applied, 0 when it was refused.";
    /// Access log lines that nobody will read.
    ACCESS_LOG_DROPPED = "lb_access_log_dropped_total" []
        "Access log lines that were dropped because the sink was broken or too slow.";
    /// Version of the program.
    BUILD = "lb_build_info" ["version"]
        "Always 1; the label says which version runs.";
    /// Start of the process.
    STARTED = "process_start_time_seconds" []
        "Start of the process, in seconds since the Unix epoch.";
    /// Processor time.
    CPU = "process_cpu_seconds_total" []
        "Processor time used by the process, user and system.";
    /// Resident memory.
    RESIDENT = "process_resident_memory_bytes" []
        "Resident memory of the process.";
    /// Open file descriptors.
    OPEN_FDS = "process_open_fds" []
        "Open file descriptors of the process.";
}

/// What the name of a plugin's own family begins with.
pub const OWN_PREFIX: &str = "lb_plugin_";

/// Upper bounds of [`REQUEST_DURATION`] in nanoseconds: 500 µs to 60 s.
pub const REQUEST_BUCKETS: &[u64] = &[
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

/// Upper bounds of [`ATTEMPT_DURATION`] in nanoseconds: 100 µs to 60 s.
pub const ATTEMPT_BUCKETS: &[u64] = &[
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

/// Upper bounds of [`QUEUE_WAIT`] in nanoseconds: 1 ms to 30 s.
pub const QUEUE_BUCKETS: &[u64] = &[
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// Upper bounds of [`PLUGIN_CALL`] in nanoseconds: 100 ns to 10 ms.
pub const CALL_BUCKETS: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    2_500_000, 10_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn is_name(text: &str) -> bool {
        let mut letters = text.bytes();
        letters.next().is_some_and(|b| b.is_ascii_lowercase())
            && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }

    #[test]
    fn names_are_unique_and_well_formed() {
        let names: BTreeSet<_> = ALL.iter().map(|spec| spec.name).collect();
        assert_eq!(names.len(), ALL.len());
        for spec in ALL {
            assert!(is_name(spec.name), "{}", spec.name);
            assert!(spec.help.ends_with('.'), "{}", spec.name);
            assert!(
                spec.labels
                    .iter()
                    .all(|label| is_name(label) && *label != "le"),
                "{}",
                spec.name
            );
        }
    }

    #[test]
    fn buckets_ascend() {
        assert!(REQUEST_BUCKETS.is_sorted_by(|a, b| a < b));
        assert!(ATTEMPT_BUCKETS.is_sorted_by(|a, b| a < b));
        assert!(QUEUE_BUCKETS.is_sorted_by(|a, b| a < b));
        assert!(CALL_BUCKETS.is_sorted_by(|a, b| a < b));
    }
}
