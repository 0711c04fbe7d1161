//! One JSON object a line, its fields always in the same order, none left out.

use super::Record;
use super::escape::{json, milliseconds, number};
use super::time::Clock;

/// Writes the line, with its end.
pub(super) fn render(record: &Record<'_>, clock: &mut Clock, line: &mut Vec<u8>) {
    line.extend_from_slice(br#"{"time":""#);
    clock.write(record.time, line);
    line.push(b'"');
    text(r#","client":"#, Some(record.client.as_bytes()), line);
    text(r#","method":"#, Some(record.method.as_bytes()), line);
    text(r#","host":"#, Some(record.host), line);
    text(r#","path":"#, Some(record.path), line);
    text(r#","protocol":"#, Some(record.protocol.as_bytes()), line);
    whole(r#","status":"#, record.status.map(u64::from), line);
    whole(r#","bytes_in":"#, Some(record.bytes_in), line);
    whole(r#","bytes_out":"#, Some(record.bytes_out), line);
    line.extend_from_slice(br#","duration_ms":"#);
    milliseconds(record.duration, line);
    text(r#","route":"#, record.route.map(str::as_bytes), line);
    text(r#","upstream":"#, record.upstream.map(str::as_bytes), line);
    text(r#","endpoint":"#, record.endpoint.map(str::as_bytes), line);
    whole(r#","attempts":"#, Some(record.attempts.into()), line);
    line.extend_from_slice(br#","upstream_ms":"#);
    match record.upstream_time {
        Some(time) => milliseconds(time, line),
        None => line.extend_from_slice(b"null"),
    }
    text(r#","fault":"#, record.fault.map(str::as_bytes), line);
    text(r#","user_agent":"#, record.user_agent, line);
    line.extend_from_slice(br#","plugin_fault":"#);
    line.extend_from_slice(if record.plugin_fault {
        b"true"
    } else {
        b"false"
    });
    text(
        r#","answered_by":"#,
        record.answered_by.map(str::as_bytes),
        line,
    );
    attributes(record.attributes, line);
    line.extend_from_slice(b"}\n");
}

/// An object, a name once: filters replace what is there.
fn attributes(attributes: &[(String, String)], line: &mut Vec<u8>) {
    line.extend_from_slice(br#","attributes":{"#);
    for (position, (name, value)) in attributes.iter().enumerate() {
        if position > 0 {
            line.push(b',');
        }
        json(name.as_bytes(), line);
        line.push(b':');
        json(value.as_bytes(), line);
    }
    line.push(b'}');
}

fn text(key: &str, value: Option<&[u8]>, line: &mut Vec<u8>) {
    line.extend_from_slice(key.as_bytes());
    match value {
        Some(value) => json(value, line),
        None => line.extend_from_slice(b"null"),
    }
}

fn whole(key: &str, value: Option<u64>, line: &mut Vec<u8>) {
    line.extend_from_slice(key.as_bytes());
    match value {
        Some(value) => number(value, line),
        None => line.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn rendered(record: &Record<'_>) -> String {
        let mut line = Vec::new();
        render(record, &mut Clock::default(), &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_says_everything() {
        let expected = concat!(
            r#"{"time":"2026-02-28T23:59:59.007Z","client":"192.0.2.1","method":"GET","#,
            r#""host":"example.com","path":"/a?b=c","protocol":"HTTP/1.1","status":200,"#,
            r#""bytes_in":0,"bytes_out":1024,"duration_ms":12.045,"route":"api","#,
            r#""upstream":"web","endpoint":"10.0.0.1:80","attempts":1,"upstream_ms":11.900,"#,
            r#""fault":null,"user_agent":"curl/8","plugin_fault":false,"answered_by":null,"#,
            r#""attributes":{}}"#,
            "\n",
        );
        assert_eq!(rendered(&Record::sample()), expected);
    }

    #[test]
    fn what_is_not_known_is_null() {
        let line = rendered(&Record {
            status: None,
            route: None,
            upstream: None,
            endpoint: None,
            attempts: 0,
            upstream_time: None,
            user_agent: None,
            fault: Some("client_gone"),
            plugin_fault: true,
            ..Record::sample()
        });
        let line: Value = serde_json::from_str(&line).unwrap();
        for key in [
            "status",
            "route",
            "upstream",
            "endpoint",
            "upstream_ms",
            "user_agent",
        ] {
            assert_eq!(line[key], Value::Null, "{key}");
        }
        assert_eq!(line["fault"], "client_gone");
        assert_eq!(line["plugin_fault"], true);
        assert_eq!(line["attempts"], 0);
    }

    proptest! {
        #[test]
        fn any_bytes_of_a_client_make_one_line_of_json(
            path in prop::collection::vec(any::<u8>(), 0..300),
            host in prop::collection::vec(any::<u8>(), 0..60),
            agent in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let line = rendered(&Record {
                path: &path, host: &host, user_agent: Some(&agent), ..Record::sample()
            });
            prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
            prop_assert!(!line.trim_end().chars().any(char::is_control));
            let value: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(value.as_object().unwrap().len(), 20);
            prop_assert_eq!(value["path"].as_str().unwrap(), String::from_utf8_lossy(&path));
            prop_assert_eq!(value["host"].as_str().unwrap(), String::from_utf8_lossy(&host));
            prop_assert_eq!(value["user_agent"].as_str().unwrap(), String::from_utf8_lossy(&agent));
        }
    }
}
