//! A reader of HTTP/1 messages that accepts one spelling of each (RFC 9112): the judge of
//! what the proxy sends in both directions, and the reference for what it may accept.
//!
//! It shares no code with the host, and is slow and obvious: a message is read anew each time
//! that more of it came.

use std::net::Ipv6Addr;

/// How far a message came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// It is whole; so many bytes belong to it.
    Whole(T, usize),
    /// More is needed.
    Part,
    /// No continuation makes it a message.
    Wrong(String),
}

/// Names in lower case with their values; each character stands for one byte.
pub type Fields = Vec<(String, String)>;

/// Whose requests are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// A client: empty lines may come first, and targets may name their host.
    Client,
    /// The proxy: nothing is to be tolerated.
    Proxy,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// As sent.
    pub method: String,
    /// Path and query in their one spelling (of a client's request), or as sent.
    pub target: String,
    /// Of the target, or of the field.
    pub host: String,
    /// 0 or 1.
    pub minor: u8,
    /// Those of the head.
    pub fields: Fields,
    /// Without its coding.
    pub body: Vec<u8>,
    /// Those behind the last chunk.
    pub trailers: Fields,
}

/// A response, or an interim one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// 0 or 1.
    pub minor: u8,
    /// 100 to 599.
    pub status: u16,
    /// Those of the head.
    pub fields: Fields,
    /// Without its coding.
    pub body: Vec<u8>,
    /// Those behind the last chunk.
    pub trailers: Fields,
    /// Whether the connection's end is the body's.
    pub until_closed: bool,
}

impl Request {
    /// The values of a field.
    pub fn values(&self, name: &str) -> Vec<&str> {
        values(&self.fields, name)
    }

    /// Whether the client keeps the connection open behind it (section 9.3).
    pub fn keeps_alive(&self) -> bool {
        let options = options(&self.fields);
        let has = |option: &str| options.iter().any(|had| had == option);
        !has("close") && (self.minor == 1 || has("keep-alive"))
    }
}

impl Reply {
    /// The values of a field.
    pub fn values(&self, name: &str) -> Vec<&str> {
        values(&self.fields, name)
    }

    /// Whether it says that the connection ends with it.
    pub fn closes(&self) -> bool {
        let options = options(&self.fields);
        let has = |option: &str| options.iter().any(|had| had == option);
        self.until_closed || has("close") || self.minor == 0 && !has("keep-alive")
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn values<'a>(fields: &'a Fields, name: &str) -> Vec<&'a str> {
    let of = fields.iter().filter(|(had, _)| had == name);
    of.map(|(_, value)| value.as_str()).collect()
}

fn options(fields: &Fields) -> Vec<String> {
    let lists = values(fields, "connection");
    lists
        .iter()
        .flat_map(|list| list.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .collect()
}

/// Leaves a function with `Wrong` or `Part` of another type.
macro_rules! whole {
    ($step:expr) => {
        match $step {
            Step::Whole(value, length) => (value, length),
            Step::Part => return Step::Part,
            Step::Wrong(why) => return Step::Wrong(why),
        }
    };
}

fn wrong<T>(why: impl Into<String>) -> Step<T> {
    Step::Wrong(why.into())
}

/// Reads a request.
pub fn request(bytes: &[u8], from: From) -> Step<Request> {
    let mut at = 0;
    while from == From::Client && bytes[at..].starts_with(b"\r\n") {
        at += 2;
    }
    let (start, length) = whole!(line(&bytes[at..]));
    at += length;
    let parts: Vec<&[u8]> = start.split(|byte| *byte == b' ').collect();
    let [method, target, version] = parts[..] else {
        return wrong("the request line has not three parts");
    };
    let minor = match version {
        b"HTTP/1.1" => 1,
        b"HTTP/1.0" if from == From::Client => 0,
        _ => return wrong("the version"),
    };
    if !is_token(method) {
        return wrong("the method");
    }
    if !target.iter().all(|byte| (0x21..0x7f).contains(byte)) || target.contains(&b'#') {
        return wrong("a byte of the target");
    }
    let (fields, length) = whole!(fields(&bytes[at..]));
    at += length;
    let mut request = Request {
        method: latin(method),
        target: latin(target),
        minor,
        fields,
        ..Request::default()
    };
    if let Err(why) = aim(&mut request, from) {
        return wrong(why);
    }
    let framing = match framing(&request.fields, minor) {
        Ok(framing) => framing,
        Err(why) => return wrong(why),
    };
    match framing {
        Framing::None => {}
        Framing::Length(length) => {
            let Some(body) = bytes[at..].get(..length) else {
                return Step::Part;
            };
            request.body = body.to_vec();
            at += length;
        }
        Framing::Chunked => {
            let ((body, trailers), length) = whole!(chunks(&bytes[at..]));
            (request.body, request.trailers) = (body, trailers);
            at += length;
        }
    }
    Step::Whole(request, at)
}

/// Reads a response. `head` says whether it is to a HEAD, `ended` whether nothing will come
/// behind these bytes.
pub fn reply(bytes: &[u8], head: bool, ended: bool) -> Step<Reply> {
    let (start, mut at) = whole!(line(bytes));
    let minor = match start.get(..9) {
        Some(b"HTTP/1.1 ") => 1,
        Some(b"HTTP/1.0 ") => 0,
        _ => return wrong("the status line's version"),
    };
    let [a, b, c, b' ', reason @ ..] = &start[9..] else {
        return wrong("the status line");
    };
    let digits = [*a, *b, *c];
    if !digits.iter().all(u8::is_ascii_digit) || !reason.iter().all(|byte| is_value(*byte)) {
        return wrong("the status line");
    }
    let status = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    if !(100..600).contains(&status) {
        return wrong(format!("the status {status}"));
    }
    let (fields, length) = whole!(fields(&bytes[at..]));
    at += length;
    let framing = match framing(&fields, 1) {
        Ok(framing) => framing,
        Err(why) => return wrong(why),
    };
    let mut reply = Reply {
        minor,
        status,
        fields,
        ..Reply::default()
    };
    let lengths = reply.values("content-length").len() + reply.values("transfer-encoding").len();
    if status < 200 || status == 204 {
        // RFC 9110 section 8.6 and RFC 9112 section 6.1.
        if lengths > 0 {
            return wrong(format!("a {status} with a length"));
        }
        return Step::Whole(reply, at);
    }
    if head || status == 304 {
        return Step::Whole(reply, at);
    }
    match framing {
        Framing::Length(length) => {
            let Some(body) = bytes[at..].get(..length) else {
                return Step::Part;
            };
            reply.body = body.to_vec();
            at += length;
        }
        Framing::Chunked => {
            let ((body, trailers), length) = whole!(chunks(&bytes[at..]));
            (reply.body, reply.trailers) = (body, trailers);
            at += length;
        }
        Framing::None if ended => {
            reply.body = bytes[at..].to_vec();
            reply.until_closed = true;
            at = bytes.len();
        }
        Framing::None => return Step::Part,
    }
    Step::Whole(reply, at)
}

/// One line without its end; line feeds and carriage returns come in pairs.
fn line(bytes: &[u8]) -> Step<&[u8]> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return Step::Part;
    };
    match bytes[..end].split_last() {
        Some((b'\r', line)) if !line.contains(&b'\r') => Step::Whole(line, end + 1),
        _ => wrong("a line end"),
    }
}

/// Field lines, up to and with the empty line.
fn fields(bytes: &[u8]) -> Step<Fields> {
    let (mut at, mut fields) = (0, Fields::new());
    loop {
        let (text, length) = whole!(line(&bytes[at..]));
        at += length;
        if text.is_empty() {
            return Step::Whole(fields, at);
        }
        let Some(colon) = text.iter().position(|byte| *byte == b':') else {
            return wrong("a field without a colon");
        };
        let (name, value) = (&text[..colon], &text[colon + 1..]);
        if !is_token(name) {
            return wrong(format!("the field name {:?}", latin(name)));
        }
        if !value.iter().all(|byte| is_value(*byte)) {
            return wrong(format!("the value of {}", latin(name)));
        }
        let value = latin(value);
        fields.push((
            latin(name).to_ascii_lowercase(),
            value.trim_matches([' ', '\t']).to_owned(),
        ));
    }
}

enum Framing {
    None,
    Length(usize),
    Chunked,
}

/// Section 6.3, without anything that could be read in two ways.
fn framing(fields: &Fields, minor: u8) -> Result<Framing, String> {
    let lengths = values(fields, "content-length");
    let codings = values(fields, "transfer-encoding");
    // Dropping one of these on the way would make another message of it.
    let needed = ["host", "content-length", "transfer-encoding"];
    if let Some(option) = options(fields)
        .into_iter()
        .find(|option| needed.contains(&option.as_str()))
    {
        return Err(format!("{option} is named by Connection"));
    }
    match (&lengths[..], &codings[..]) {
        ([], []) => Ok(Framing::None),
        ([length], []) => {
            let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            let number = length.parse::<i64>().ok().filter(|_| digits);
            let number = number.and_then(|number| usize::try_from(number).ok());
            number
                .map(Framing::Length)
                .ok_or_else(|| format!("the length {length:?}"))
        }
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") && minor == 1 => {
            Ok(Framing::Chunked)
        }
        _ => Err(format!("the lengths {lengths:?} and codings {codings:?}")),
    }
}

/// A body in chunks (section 7.1), without extensions.
fn chunks(bytes: &[u8]) -> Step<(Vec<u8>, Fields)> {
    let (mut at, mut body) = (0, Vec::new());
    loop {
        let (size, length) = whole!(line(&bytes[at..]));
        at += length;
        let digits = (1..=16).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit);
        let number = i64::from_str_radix(&latin(size), 16)
            .ok()
            .filter(|_| digits);
        let Some(size) = number.and_then(|number| usize::try_from(number).ok()) else {
            return wrong(format!("the chunk size {:?}", latin(size)));
        };
        if size == 0 {
            break;
        }
        let Some(chunk) = bytes[at..].get(..size) else {
            return Step::Part;
        };
        body.extend_from_slice(chunk);
        at += size;
        let end = &bytes[at..bytes.len().min(at + 2)];
        if !b"\r\n".starts_with(end) {
            return wrong("the end of a chunk");
        }
        if end.len() < 2 {
            return Step::Part;
        }
        at += 2;
    }
    let (trailers, length) = whole!(fields(&bytes[at..]));
    for (name, _) in &trailers {
        // RFC 9110 section 6.5.1: framing, routing, and what else decides about a request.
        if [
            "transfer-encoding",
            "content-length",
            "host",
            "connection",
            "te",
            "trailer",
            "expect",
            "upgrade",
            "authorization",
            "content-encoding",
            "content-type",
            "content-range",
        ]
        .contains(&name.as_str())
        {
            return wrong(format!("{name} in the trailers"));
        }
    }
    Step::Whole((body, trailers), at + length)
}

/// Whom a request is for (sections 3.2 and 3.3).
fn aim(request: &mut Request, from: From) -> Result<(), String> {
    let hosts: Vec<String> = request
        .values("host")
        .iter()
        .map(|&host| host.to_owned())
        .collect();
    if hosts.len() > 1 || hosts.is_empty() && request.minor == 1 {
        return Err(format!("the hosts {hosts:?}"));
    }
    if hosts.iter().any(|host| !is_host(host)) {
        return Err(format!("the host {hosts:?}"));
    }
    request.host = hosts.concat();
    let target = request.target.clone();
    if target == "*" && request.method == "OPTIONS" {
        return Ok(());
    }
    let path = if target.starts_with('/') {
        target
    } else if from == From::Client {
        let rest = target
            .strip_prefix("http://")
            .or_else(|| target.strip_prefix("https://"));
        let rest = rest.ok_or("the form of the target")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if !is_host(authority) {
            return Err("the host of the target".into());
        }
        if hosts
            .iter()
            .any(|host| !host.eq_ignore_ascii_case(authority))
        {
            return Err("two hosts".into());
        }
        request.host = authority.to_owned();
        format!("{}{path}", if path.starts_with('/') { "" } else { "/" })
    } else {
        return Err("the form of the target".into());
    };
    if from == From::Client && request.method == "CONNECT" {
        return Err("a tunnel".into());
    }
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let normal = normal(path).ok_or("the path")?;
    if from == From::Proxy && normal != path {
        return Err(format!("{path} is not the one spelling of {normal}"));
    }
    request.target = format!("{normal}{query}");
    Ok(())
}

fn is_host(text: &str) -> bool {
    let end = text
        .find(']')
        .map(|at| at + 1)
        .or_else(|| text.find(':'))
        .unwrap_or(text.len());
    let (name, port) = text.split_at(end);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let name_ok = match name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(plain),
    };
    let port_ok = match port.strip_prefix(':') {
        Some("") => true,
        Some(digits) => {
            digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        }
        None => port.is_empty(),
    };
    name_ok && port_ok
}

/// The one spelling of a path (RFC 3986 sections 5.2.4 and 6.2.2, and single slashes); none
/// when it has to be refused.
pub fn normal(path: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = path.chars();
    while let Some(character) = rest.next() {
        if character == '\\' {
            return None;
        }
        if character != '%' {
            text.push(character);
            continue;
        }
        let digits: String = [rest.next()?, rest.next()?].iter().collect();
        let both = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| both)?;
        match byte {
            0..0x20 | 0x7f => return None,
            _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                text.push(char::from(byte));
            }
            _ => text += &format!("%{}", digits.to_ascii_uppercase()),
        }
    }
    let mut segments: Vec<&str> = Vec::new();
    let pieces: Vec<&str> = text.strip_prefix('/')?.split('/').collect();
    let last = pieces.len() - 1;
    for (at, piece) in pieces.into_iter().enumerate() {
        if hides_dots(piece) {
            return None;
        }
        match piece {
            "." | "" if at < last => {}
            "." => segments.push(""),
            ".." => {
                segments.pop()?;
                if at == last {
                    segments.push("");
                }
            }
            _ => segments.push(piece),
        }
    }
    Some(format!("/{}", segments.join("/")))
}

/// A dot segment only to those who cut parameters off, or decode slashes, first.
fn hides_dots(segment: &str) -> bool {
    let pieces: Vec<&str> = ["%2F", "%5C"].iter().fold(vec![segment], |pieces, slash| {
        pieces
            .into_iter()
            .flat_map(|piece| piece.split(slash))
            .collect()
    });
    let dots = |piece: &&str| {
        let name = piece.split(';').next().unwrap_or_default();
        let name = name.split("%3B").next().unwrap_or_default();
        matches!(name, "." | "..")
    };
    !matches!(segment, "." | "..") && pieces.iter().any(dots)
}

fn is_token(bytes: &[u8]) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(token)
}

fn is_value(byte: u8) -> bool {
    byte == b'\t' || byte >= 0x20 && byte != 0x7f
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let text = b"\r\nPOST http://a/%7Eb/../c?d HTTP/1.1\r\nHost: A\r\n\
            Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-t: 1\r\n\r\nGET";
        for end in 0..text.len() - 3 {
            assert_eq!(request(&text[..end], From::Client), Step::Part, "{end}");
        }
        let Step::Whole(request, length) = request(text, From::Client) else {
            panic!("a request");
        };
        assert_eq!(
            (request.target.as_str(), request.host.as_str()),
            ("/c?d", "a")
        );
        assert_eq!(
            (request.body.as_slice(), length),
            (&b"abc"[..], text.len() - 3)
        );
        assert_eq!(request.trailers, [("x-t".into(), "1".into())]);
    }

    #[test]
    fn what_could_be_two_requests_is_none() {
        for text in [
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /.. HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            let step = request(text.as_bytes(), From::Client);
            assert!(matches!(step, Step::Wrong(_)), "{text:?}: {step:?}");
        }
    }

    #[test]
    fn replies_are_read() {
        let text = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP";
        assert!(matches!(reply(text, false, false), Step::Whole(_, 40)));
        assert!(matches!(reply(text, true, false), Step::Whole(_, 38)));
        let text = b"HTTP/1.1 200 OK\r\n\r\nok";
        assert_eq!(reply(text, false, false), Step::Part);
        assert!(matches!(reply(text, false, true), Step::Whole(_, 21)));
        let text = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";
        assert!(matches!(reply(text, false, false), Step::Wrong(_)));
    }

    #[test]
    fn paths_have_one_spelling() {
        for (path, spelt) in [
            ("/", Some("/")),
            ("/a//b/./../%2e/c", Some("/a/c")),
            ("/a/..", Some("/")),
            ("/%41%2f%c3", Some("/A%2F%C3")),
            ("//", Some("/")),
            ("/..", None),
            ("/%00", None),
            ("/%", None),
            ("/a/..;x/b", None),
            ("/a%2f..", None),
        ] {
            assert_eq!(normal(path).as_deref(), spelt, "{path}");
        }
    }
}
