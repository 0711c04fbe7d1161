//! Judges the head of a response, as parsed by the one who asked the endpoint.
//!
//! An endpoint whose answers can be read in two ways can be made to answer the next client
//! with what it was told by the last one ("response splitting", "response smuggling"; RFC
//! 9112, section 11.1). So the rules are those for requests.
//!
//! Refuses to read bytes, and to say where the response ends.

use super::fields::{self, Coding};

/// Why a response is refused. Its connection must be closed, and a client that has got
/// nothing yet is told 502.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseViolation {
    /// A status outside 100 to 599.
    Status,
    /// A `Content-Length` that is not one plain number.
    ContentLength,
    /// A second `Content-Length`, even with the same number.
    ContentLengthTwice,
    /// A `Transfer-Encoding` other than `chunked` alone.
    TransferEncoding,
    /// A second `Transfer-Encoding`.
    TransferEncodingTwice,
    /// Both `Transfer-Encoding` and `Content-Length`.
    TransferEncodingAndContentLength,
    /// `Transfer-Encoding` from HTTP/1.0, which does not know it.
    TransferEncodingInHttp10,
    /// `Transfer-Encoding` in a response that has no content by its status.
    TransferEncodingWithoutContent,
    /// `Content-Length` other than 0 in a response that has no content by its status.
    ContentLengthWithoutContent,
}

impl ResponseViolation {
    /// One word for logs and metrics, in snake case.
    pub fn as_str(self) -> &'static str {
        self.about().0
    }

    /// One sentence for a person, in lower case and without a full stop.
    pub fn sentence(self) -> &'static str {
        self.about().1
    }

    #[rustfmt::skip] // A line for each.
    fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Status => ("status", "the status is not in 100 to 599"),
            Self::ContentLength => ("content_length", "Content-Length is not one decimal number"),
            Self::ContentLengthTwice => ("content_length_twice", "Content-Length is there more than once"),
            Self::TransferEncoding => ("transfer_encoding", "Transfer-Encoding is not chunked alone"),
            Self::TransferEncodingTwice => ("transfer_encoding_twice", "Transfer-Encoding is there more than once"),
            Self::TransferEncodingAndContentLength => ("transfer_encoding_and_content_length", "both Transfer-Encoding and Content-Length are there"),
            Self::TransferEncodingInHttp10 => ("transfer_encoding_in_http10", "HTTP/1.0 has no Transfer-Encoding"),
            Self::TransferEncodingWithoutContent => ("transfer_encoding_without_content", "a response without content has Transfer-Encoding"),
            Self::ContentLengthWithoutContent => ("content_length_without_content", "a response without content has Content-Length"),
        }
    }
}

/// Judges by the values of all `Content-Length` and `Transfer-Encoding` fields (RFC 9112,
/// sections 6.1 to 6.3; RFC 9110, section 8.6).
///
/// No content by its status has one of 1xx and 204, and a good answer to CONNECT, whose
/// tunnel begins at once. There, `Content-Length: 0` is tolerated: it is forbidden, sent by
/// many, and says nothing else. After HEAD, where no client reads content whatever the fields
/// say, so is any other length. 304 may have either field: it tells what 200 would have.
///
/// # Errors
///
/// The first violation in the order of [`ResponseViolation`]'s list, by and large; which one
/// it is matters to people alone.
pub fn judge<'a>(
    status: u16,
    method_is_head: bool,
    method_is_connect: bool,
    content_lengths: impl Iterator<Item = &'a [u8]>,
    transfer_encodings: impl Iterator<Item = &'a [u8]>,
    http_minor: u8,
) -> Result<(), ResponseViolation> {
    if !(100..=599).contains(&status) {
        return Err(ResponseViolation::Status);
    }
    let tunnel = method_is_connect && (200..=299).contains(&status);
    let no_content = tunnel || status <= 199 || status == 204;
    let length = one_length(content_lengths)?;
    let chunked = is_chunked(transfer_encodings)?;
    match length {
        Some(_) if chunked => Err(ResponseViolation::TransferEncodingAndContentLength),
        Some(1..) if no_content && !method_is_head => {
            Err(ResponseViolation::ContentLengthWithoutContent)
        }
        _ if chunked && http_minor == 0 => Err(ResponseViolation::TransferEncodingInHttp10),
        _ if chunked && no_content => Err(ResponseViolation::TransferEncodingWithoutContent),
        _ => Ok(()),
    }
}

fn one_length<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<u64>, ResponseViolation> {
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ResponseViolation::ContentLengthTwice);
    }
    match fields::content_length(value) {
        Some(length) => Ok(Some(length)),
        None => Err(ResponseViolation::ContentLength),
    }
}

fn is_chunked<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Result<bool, ResponseViolation> {
    let Some(value) = values.next() else {
        return Ok(false);
    };
    if values.next().is_some() {
        return Err(ResponseViolation::TransferEncodingTwice);
    }
    match fields::coding(value) {
        Coding::Chunked => Ok(true),
        Coding::Unknown | Coding::Invalid => Err(ResponseViolation::TransferEncoding),
    }
}
