//! One line for people, the most important first:
//!
//! ```text
//! 2026-02-28T23:59:59.007Z 192.0.2.1 "GET example.com /a?b=c HTTP/1.1" 200 1024 12.045ms api>web>10.0.0.1:80 attempts=1 upstream=11.900ms agent="curl/8"
//! ```
//!
//! A field that is not known is `-`; `in=`, `upstream=`, `fault=`, `plugin_fault`,
//! `answered_by=`, what filters left, and `agent=` are left out when there is nothing to say.

use super::Record;
use super::escape::{milliseconds, number, quoted, token};
use super::time::Clock;

/// Writes the line, with its end.
pub(super) fn render(record: &Record<'_>, clock: &mut Clock, line: &mut Vec<u8>) {
    clock.write(record.time, line);
    line.push(b' ');
    token(record.client.as_bytes(), line);
    line.extend_from_slice(b" \"");
    token(record.method.as_bytes(), line);
    line.push(b' ');
    token(record.host, line);
    line.push(b' ');
    token(record.path, line);
    line.push(b' ');
    token(record.protocol.as_bytes(), line);
    line.extend_from_slice(b"\" ");
    match record.status {
        Some(status) => number(status.into(), line),
        None => line.push(b'-'),
    }
    line.push(b' ');
    number(record.bytes_out, line);
    line.push(b' ');
    milliseconds(record.duration, line);
    line.extend_from_slice(b"ms ");
    way(record, line);
    line.extend_from_slice(b" attempts=");
    number(record.attempts.into(), line);
    details(record, line);
    line.push(b'\n');
}

fn way(record: &Record<'_>, line: &mut Vec<u8>) {
    token(record.route.unwrap_or_default().as_bytes(), line);
    for step in [record.upstream, record.endpoint].into_iter().flatten() {
        line.push(b'>');
        token(step.as_bytes(), line);
    }
}

fn details(record: &Record<'_>, line: &mut Vec<u8>) {
    if record.bytes_in > 0 {
        line.extend_from_slice(b" in=");
        number(record.bytes_in, line);
    }
    if let Some(time) = record.upstream_time {
        line.extend_from_slice(b" upstream=");
        milliseconds(time, line);
        line.extend_from_slice(b"ms");
    }
    if let Some(fault) = record.fault {
        line.extend_from_slice(b" fault=");
        token(fault.as_bytes(), line);
    }
    if record.plugin_fault {
        line.extend_from_slice(b" plugin_fault");
    }
    if let Some(filter) = record.answered_by {
        line.extend_from_slice(b" answered_by=");
        token(filter.as_bytes(), line);
    }
    for (name, value) in record.attributes {
        line.push(b' ');
        token(name.as_bytes(), line);
        line.push(b'=');
        quoted(value.as_bytes(), line);
    }
    if let Some(agent) = record.user_agent {
        line.extend_from_slice(b" agent=");
        quoted(agent, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rendered(record: &Record<'_>) -> String {
        let mut line = Vec::new();
        render(record, &mut Clock::default(), &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_reads_from_the_left() {
        assert_eq!(
            rendered(&Record::sample()),
            "2026-02-28T23:59:59.007Z 192.0.2.1 \"GET example.com /a?b=c HTTP/1.1\" 200 1024 \
             12.045ms api>web>10.0.0.1:80 attempts=1 upstream=11.900ms agent=\"curl/8\"\n"
        );
        let failed = Record {
            status: None,
            host: b"",
            bytes_in: 5,
            bytes_out: 0,
            route: None,
            upstream: None,
            endpoint: None,
            attempts: 0,
            upstream_time: None,
            fault: Some("client_gone"),
            user_agent: None,
            plugin_fault: true,
            ..Record::sample()
        };
        assert_eq!(
            rendered(&failed),
            "2026-02-28T23:59:59.007Z 192.0.2.1 \"GET - /a?b=c HTTP/1.1\" - 0 12.045ms - \
             attempts=0 in=5 fault=client_gone plugin_fault\n"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_of_a_client_forge_a_line_or_a_field(
            path in prop::collection::vec(any::<u8>(), 1..300),
            host in prop::collection::vec(any::<u8>(), 0..60),
            agent in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let line = rendered(&Record {
                path: &path, host: &host, user_agent: Some(&agent), ..Record::sample()
            });
            let (body, end) = line.split_at(line.len() - 1);
            prop_assert_eq!(end, "\n");
            prop_assert!(body.bytes().all(|b| matches!(b, b' '..=b'~')));
            let fields: Vec<_> = body.splitn(12, ' ').collect();
            let expected = ["200", "1024", "12.045ms", "api>web>10.0.0.1:80", "attempts=1", "upstream=11.900ms"];
            prop_assert_eq!(fields[2], "\"GET");
            prop_assert_eq!(fields[5], "HTTP/1.1\"");
            prop_assert_eq!(&fields[6..11], &expected[..5]);
            let rest = fields[11].strip_prefix("upstream=11.900ms agent=\"");
            let agent = rest.and_then(|rest| rest.strip_suffix('"')).unwrap();
            // No quote inside without its backslash, so the field ends where it ends.
            let bare = agent.replace(r"\\", "").replace(r#"\""#, "");
            prop_assert!(!bare.contains('"'));
        }
    }
}
