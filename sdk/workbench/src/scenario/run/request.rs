//! From what is written to what the plugin sees.

use tidegate_testkit::Request;

use crate::scenario::scalar::Text;
use crate::scenario::written::{self, Answer};

/// The request of that repetition.
pub(super) fn request(written: Option<&written::Request>, n: u32) -> Result<Request, String> {
    let Some(written::Request(sent)) = written else {
        return Ok(Request::get("/"));
    };
    let fill = |text: &str| fill(text, n);
    let method = sent.method.as_deref().unwrap_or("GET");
    let path = fill(sent.path.as_deref().unwrap_or("/"));
    let mut request = Request::try_new(method, &path)?.attempt(sent.attempt);
    for (name, values) in &sent.headers {
        for value in &values.0 {
            request = request.try_header(name, fill(value))?;
        }
    }
    let cookies: Vec<String> = sent
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={}", fill(&value.0)))
        .collect();
    if !cookies.is_empty() {
        request = request.try_header("cookie", cookies.join("; "))?;
    }
    if let Some(client) = &sent.client {
        request = request.try_client(&fill(client))?;
    }
    if sent.scheme == Some(written::Scheme::Https) {
        request = request.https();
    }
    if let Some(authority) = &sent.authority {
        request = request.authority(&fill(authority));
    }
    if let Some(route) = &sent.route {
        request = request.route(route);
    }
    for (name, Text(value)) in &sent.attributes {
        request = request.attribute(name, &fill(value));
    }
    Ok(request)
}

/// The chunks of its body.
pub(super) fn body(written: Option<&written::Request>, n: u32) -> Vec<Vec<u8>> {
    let body = written.and_then(|written| written.0.body.as_ref());
    let chunks = body.map_or(&[][..], |body| &body.0);
    chunks
        .iter()
        .map(|chunk| fill(chunk, n).into_bytes())
        .collect()
}

/// The head of an endpoint's response to it.
pub(super) fn answered(request: Request, answer: Option<&Answer>) -> Result<Request, String> {
    let status = answer.and_then(|answer| answer.status).unwrap_or(200);
    let fields: Vec<(String, Vec<u8>)> = answer.map_or_else(Vec::new, |answer| {
        let fields = answer.headers.iter();
        fields
            .map(|(name, value)| (name.clone(), value.0.clone().into_bytes()))
            .collect()
    });
    let request = request.try_answered(status, &fields)?;
    Ok(match answer.and_then(|answer| answer.endpoint.as_deref()) {
        Some(endpoint) => request.from_endpoint(Some(endpoint)),
        None => request,
    })
}

/// `{n}` is the number of the repetition.
fn fill(text: &str, n: u32) -> String {
    text.replace("{n}", &n.to_string())
}
