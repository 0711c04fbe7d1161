//! Lines of access logs: those of the proxy, in JSON or as text, and the Combined Log Format that
//! nginx, Apache and Caddy write too.

use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail};
use jiff::Timestamp;
use jiff::fmt::strtime;
use serde::Deserialize;
use tidegate_testkit::Request;

/// One request of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Since the Unix epoch.
    pub at: Duration,
    /// The client's address.
    pub client: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Host and port that were asked for, if known.
    pub host: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// Who answered, if known.
    pub endpoint: Option<String>,
    /// What the client says that it is, if known.
    pub user_agent: Option<String>,
    /// The route, if known.
    pub route: Option<String>,
}

/// Lines that could not be read: how many, and why the first one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub lines: usize,
    /// The number of the first, from 1, and the reason.
    pub first: Option<(usize, String)>,
}

#[derive(Deserialize)]
struct Json {
    time: String,
    client: String,
    method: String,
    host: Option<String>,
    path: String,
    status: Option<u16>,
    endpoint: Option<String>,
    user_agent: Option<String>,
    route: Option<String>,
}

/// The first requests of a log, at most that many. Lines that are no requests are skipped.
///
/// # Errors
/// When no line is one.
pub fn read(text: &str, most: usize) -> Result<(Vec<Line>, Skipped)> {
    let mut skipped = Skipped::default();
    let mut lines = Vec::new();
    for (number, text) in text.lines().enumerate() {
        if text.trim().is_empty() {
            continue;
        }
        if lines.len() == most {
            break;
        }
        let first = text.split(' ').next().unwrap_or_default();
        let line = if text.starts_with('{') {
            json(text)
        } else if first.ends_with('Z') && first.contains('T') {
            text_line(text)
        } else {
            combined(text)
        };
        match line.and_then(sendable) {
            Ok(line) => lines.push(line),
            Err(error) => {
                skipped.lines += 1;
                skipped
                    .first
                    .get_or_insert((number + 1, format!("{error:#}")));
            }
        }
    }
    if lines.is_empty() {
        let why = match &skipped.first {
            Some((number, why)) => format!("line {number}: {why}"),
            None => "it is empty".to_owned(),
        };
        bail!(
            "no line is one of an access log (of this proxy, or in the Combined Log Format): {why}"
        );
    }
    Ok((lines, skipped))
}

/// Logs have what scanners send too. What is no request cannot be one of a scenario.
fn sendable(line: Line) -> Result<Line> {
    let request = Request::try_new(&line.method, &line.path);
    let request = request.and_then(|request| request.try_client(&line.client));
    request.map_err(Error::msg)?;
    Ok(line)
}

fn json(text: &str) -> Result<Line> {
    let line: Json = serde_json::from_str(text)?;
    let at: Timestamp = line.time.parse().context("time")?;
    Ok(Line {
        at: since_epoch(at)?,
        client: line.client,
        method: line.method,
        path: line.path,
        host: line.host.filter(|host| !host.is_empty()),
        status: line.status.unwrap_or(0),
        endpoint: line.endpoint,
        user_agent: line.user_agent,
        route: line.route,
    })
}

/// `2026-02-28T23:59:59.007Z 192.0.2.1 "GET example.com /a HTTP/1.1" 200 1024 12.045ms
/// api>web>10.0.0.1:80 … agent="curl/8"`: the proxy's own format for people.
fn text_line(text: &str) -> Result<Line> {
    let known = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
    let (time, rest) = text.split_once(' ').context("one word alone")?;
    let (client, rest) = rest.split_once(" \"").context("no request")?;
    let (request, rest) = rest.split_once("\" ").context("the request does not end")?;
    let mut request = request.split(' ');
    let (method, host) = request
        .next()
        .zip(request.next())
        .context("no request line")?;
    let path = request.next().context("no path")?;
    let mut words = rest.split(' ');
    let status = words.next().context("no status")?;
    let mut way = words.nth(2).context("no route")?.split('>');
    let (route, _, endpoint) = (way.next(), way.next(), way.next());
    let agent = rest
        .split_once(" agent=\"")
        .map(|(_, agent)| agent.trim_end_matches('"'));
    let at: Timestamp = time.parse().context("time")?;
    Ok(Line {
        at: since_epoch(at)?,
        client: client.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        host: known(host),
        status: status.parse().unwrap_or(0),
        endpoint: endpoint.and_then(known),
        user_agent: agent.map(str::to_owned),
        route: route.and_then(known),
    })
}

/// `192.0.2.1 - - [28/Feb/2026:23:59:59 +0000] "GET /a HTTP/1.1" 200 1024 "-" "curl/8"`, the
/// last two as far as they are there.
fn combined(text: &str) -> Result<Line> {
    let (client, rest) = text.split_once(' ').context("one word alone")?;
    let (_, rest) = rest.split_once('[').context("no time in brackets")?;
    let (time, rest) = rest
        .split_once("] \"")
        .context("no request after the time")?;
    let (request, rest) = rest.split_once('"').context("the request does not end")?;
    let at = strtime::parse("%d/%b/%Y:%H:%M:%S %z", time)?.to_timestamp()?;
    let mut request = request.split(' ');
    let (method, path) = request
        .next()
        .zip(request.next())
        .context("no request line")?;
    let status = rest.split_whitespace().next().context("no status")?;
    let user_agent = rest.rsplit('"').nth(1).filter(|agent| *agent != "-");
    Ok(Line {
        at: since_epoch(at)?,
        client: client.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        host: None,
        status: status.parse().context("status")?,
        endpoint: None,
        user_agent: user_agent.map(str::to_owned),
        route: None,
    })
}

fn since_epoch(at: Timestamp) -> Result<Duration> {
    let since = Duration::try_from(at.as_duration());
    since.context("a time before 1970")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_client_could_have_sent_is_skipped() {
        let line = |request: &str| {
            format!("192.0.2.7 - - [28/Feb/2026:23:59:59 +0100] \"{request}\" 400 0\n")
        };
        let text = [
            line("GET /a<b\u{7f}> HTTP/1.1"),
            line("\u{16}\u{3} HTTP/1.1"),
            line("GET /b HTTP/1.1"),
        ];
        let (lines, skipped) = read(&text.concat(), 10).unwrap();
        assert_eq!(
            (lines.len(), lines[0].path.as_str(), skipped.lines),
            (1, "/b", 2)
        );
    }

    #[test]
    fn both_formats_are_read_and_the_rest_is_skipped() {
        let text = concat!(
            r#"{"time":"2026-02-28T23:59:59.007Z","client":"192.0.2.1","method":"GET","host":"a.example","path":"/a?b","#,
            r#""protocol":"HTTP/1.1","status":200,"duration_ms":1.5,"route":"api","endpoint":"10.0.0.1:80","user_agent":"curl/8"}"#,
            "\n\nsome other line\n",
            r#"192.0.2.7 - - [28/Feb/2026:23:59:59 +0100] "POST /x HTTP/1.1" 404 12 "-" "Mozilla/5.0 (X11)""#,
            "\n{\"half\": \n",
            r#"2026-02-28T23:59:59.007Z 192.0.2.1 "GET example.com /a?b=c HTTP/1.1" 200 1024 12.045ms api>web>10.0.0.1:80 attempts=1 upstream=11.900ms agent="curl/8""#,
        );
        let (lines, skipped) = read(text, 10).unwrap();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2].endpoint.as_deref(), Some("10.0.0.1:80"));
        assert_eq!(
            (lines[2].route.as_deref(), lines[2].status),
            (Some("api"), 200)
        );
        assert_eq!(lines[2].user_agent.as_deref(), Some("curl/8"));
        assert_eq!(lines[0].endpoint.as_deref(), Some("10.0.0.1:80"));
        assert_eq!(lines[0].at.subsec_millis(), 7);
        assert_eq!((lines[1].method.as_str(), lines[1].status), ("POST", 404));
        assert_eq!(lines[1].user_agent.as_deref(), Some("Mozilla/5.0 (X11)"));
        assert_eq!(lines[0].at.as_secs() - lines[1].at.as_secs(), 3_600);
        assert_eq!(skipped.lines, 2);
        assert_eq!(skipped.first.unwrap().0, 3);
        assert_eq!(read(text, 1).unwrap().0.len(), 1);
        let refused = read("a\nb", 10).unwrap_err().to_string();
        assert!(refused.contains("line 1: one word alone"), "{refused}");
    }
}
