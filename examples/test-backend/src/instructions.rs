//! What a request asks of the endpoint, read from its query string. Pure.
//!
//! An instruction that is not understood is an error and answered with 400: a test that
//! misspells one must not pass by accident.

use std::time::Duration;

/// When to break the connection off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Without a single byte of an answer.
    Before,
    /// After the head, which promised a body.
    After,
}

/// The parsed query of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instructions {
    /// `delay=50ms`: wait before the head.
    pub delay: Duration,
    /// `body_delay=50ms`: wait between the head and the body.
    pub body_delay: Duration,
    /// `trickle=10ms`: wait before each 1 KiB of the body (16 pieces at least).
    pub trickle: Option<Duration>,
    /// `status=503`; 200 when absent.
    pub status: u16,
    /// `size=1024`: a body of that many bytes instead of the usual one.
    pub size: Option<usize>,
    /// `close=before` or `close=after`.
    pub close: Option<Close>,
    /// `truncate=100`: announce that many bytes more than are sent, then break off.
    pub truncate: Option<usize>,
    /// `chunked`: chunked coding instead of a content length.
    pub chunked: bool,
    /// `header=name:value`, any number of times.
    pub headers: Vec<(String, String)>,
}

impl Default for Instructions {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            body_delay: Duration::ZERO,
            trickle: None,
            status: 200,
            size: None,
            close: None,
            truncate: None,
            chunked: false,
            headers: Vec::new(),
        }
    }
}

impl Instructions {
    /// Reads a query string (without the question mark). Keys that begin with `x-` are
    /// ignored: room for tests to make requests differ.
    ///
    /// # Errors
    /// Says which instruction was not understood.
    pub fn parse(query: &str) -> Result<Self, String> {
        let mut asked = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value)?;
            let number = || {
                value
                    .parse()
                    .map_err(|_| format!("{key}: `{value}` is not a number"))
            };
            match key {
                "delay" => asked.delay = parse_duration(&value)?,
                "body_delay" => asked.body_delay = parse_duration(&value)?,
                "trickle" => asked.trickle = Some(parse_duration(&value)?),
                "status" => {
                    asked.status = value
                        .parse()
                        .ok()
                        .filter(|status| (200..=599).contains(status))
                        .ok_or_else(|| format!("status: `{value}` is not in 200..=599"))?;
                }
                "size" => asked.size = Some(number()?),
                "truncate" => asked.truncate = Some(number()?),
                "chunked" => asked.chunked = true,
                "close" if value == "before" => asked.close = Some(Close::Before),
                "close" if value == "after" => asked.close = Some(Close::After),
                "header" => {
                    let (name, value) = value
                        .split_once(':')
                        .ok_or_else(|| format!("header: `{value}` is not name:value"))?;
                    asked
                        .headers
                        .push((name.to_owned(), value.trim_start().to_owned()));
                }
                _ if key.starts_with("x-") => {}
                _ => return Err(format!("`{pair}` is not an instruction")),
            }
        }
        Ok(asked)
    }
}

/// Reads `250ms`, `2s` or `1m`.
///
/// # Errors
/// Says what is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration like 250ms, 2s or 1m");
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let number: u64 = text[..unit].parse().map_err(|_| wrong())?;
    match &text[unit..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => number
            .checked_mul(60)
            .map(Duration::from_secs)
            .ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// Percent-decoding, RFC 3986 section 2.1; the result must be UTF-8.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
        match (digit(), digit()) {
            // Two hexadecimal digits are below 256.
            (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
            _ => return Err(format!("`{text}` is not percent-encoded")),
        }
    }
    String::from_utf8(bytes).map_err(|_| format!("`{text}` is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_is_read() {
        let asked = Instructions::parse(
            "delay=50ms&body_delay=2s&trickle=10ms&status=503&size=7&close=after&truncate=100\
             &chunked&header=a:b&header=set-cookie:%20k%3Dv&x-anything=1",
        );
        let expected = Instructions {
            delay: Duration::from_millis(50),
            body_delay: Duration::from_secs(2),
            trickle: Some(Duration::from_millis(10)),
            status: 503,
            size: Some(7),
            close: Some(Close::After),
            truncate: Some(100),
            chunked: true,
            headers: vec![
                ("a".into(), "b".into()),
                ("set-cookie".into(), "k=v".into()),
            ],
        };
        assert_eq!(asked, Ok(expected));
        assert_eq!(Instructions::parse(""), Ok(Instructions::default()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for query in [
            "dealy=50ms",
            "delay=50",
            "delay=ms",
            "delay=1h",
            "status=99",
            "status=700",
            "size=-1",
            "close=now",
            "header=x",
            "header=%zz:1",
            "delay=99999999999999999999s",
        ] {
            assert!(Instructions::parse(query).is_err(), "{query}");
        }
    }
}
