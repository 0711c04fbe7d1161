//! What is wrong with a request, and what its sender is told.

/// Why a request is refused. Where it ends is not known then, hence nothing that comes after
/// it on its connection can be read: the connection must be closed with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A line feed without a carriage return before it.
    BareLineFeed,
    /// A carriage return without a line feed behind it.
    BareCarriageReturn,
    /// More empty lines before the request line than are tolerated.
    EmptyLines,
    /// A method that is no token, or is longer than any that exists.
    Method,
    /// A request target of none of the four forms, of another method's form, or with a byte
    /// that it may not have.
    Target,
    /// A request target above its limit.
    TargetTooLong,
    /// A request line that ends without a version, as in HTTP/0.9.
    LineWithoutVersion,
    /// Something else than `HTTP/` and a version at the end of the request line.
    Version,
    /// A version other than 1.0 and 1.1.
    VersionUnsupported,
    /// A field without a name, or with a byte in its name that is not of a token.
    FieldName,
    /// A space or tab in a field name or between it and its colon.
    SpaceBeforeColon,
    /// A field line without a colon.
    FieldWithoutColon,
    /// A line that begins with a space or tab: a folded field value, or one in the place of
    /// the first field.
    ObsoleteFold,
    /// A control character in a field value.
    FieldValue,
    /// More field lines than the limit.
    TooManyFields,
    /// A head above its limit.
    HeadTooLarge,
    /// A `Content-Length` that is not one plain number.
    ContentLength,
    /// A second `Content-Length`, even with the same number.
    ContentLengthTwice,
    /// A `Transfer-Encoding` that is not a list of codings of which the last, and only the
    /// last, is `chunked`.
    TransferEncoding,
    /// A second `Transfer-Encoding`.
    TransferEncodingTwice,
    /// A well-formed `Transfer-Encoding` with codings besides `chunked`.
    TransferCodingUnknown,
    /// Both `Transfer-Encoding` and `Content-Length`.
    TransferEncodingAndContentLength,
    /// `Transfer-Encoding` in a request of HTTP/1.0, which does not know it.
    TransferEncodingInHttp10,
    /// CONNECT with `Content-Length` or `Transfer-Encoding`: some would read content, others
    /// the tunnel's first bytes.
    ConnectWithContent,
    /// No `Host` in a request of HTTP/1.1.
    HostMissing,
    /// A second `Host`.
    HostTwice,
    /// A `Host` that is not one host with or without a port.
    Host,
    /// A `Host` that differs from the authority in the request target.
    HostMismatch,
    /// A `Connection` that is not a list of tokens.
    Connection,
    /// A `Connection` that names a field which decides where a request ends or whom it is
    /// for, so that a proxy would drop that field.
    ConnectionOption,
    /// An `Expect` that is not `100-continue` alone, or a second one.
    Expect,
    /// A chunk size that is not 1 to 16 hexadecimal digits, or with which the content would
    /// be above `i64::MAX` bytes.
    ChunkSize,
    /// Something between a chunk size and its line end.
    ChunkExtension,
    /// A chunk that goes on behind its size.
    ChunkEnd,
    /// A trailer field that belongs in a head.
    TrailerField,
    /// More trailer fields than the limit.
    TooManyTrailers,
    /// Trailers above their limit.
    TrailersTooLarge,
}

impl Violation {
    /// The status to answer with.
    pub fn status(self) -> u16 {
        self.about().0
    }

    /// One word for logs and metrics, in snake case.
    pub fn as_str(self) -> &'static str {
        self.about().1
    }

    /// One sentence for a person, in lower case and without a full stop.
    pub fn sentence(self) -> &'static str {
        self.about().2
    }

    /// One table, so that none of the three can be forgotten.
    #[rustfmt::skip] // A line for each, else the table is three times as long.
    fn about(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BareLineFeed => (400, "bare_line_feed", "a line feed has no carriage return before it"),
            Self::BareCarriageReturn => (400, "bare_carriage_return", "a carriage return has no line feed behind it"),
            Self::EmptyLines => (400, "empty_lines", "there are too many empty lines before the request line"),
            Self::Method => (400, "method", "the method is not a valid token"),
            Self::Target => (400, "target", "the request target is not valid for this method"),
            Self::TargetTooLong => (414, "target_too_long", "the request target is too long"),
            Self::LineWithoutVersion => (400, "line_without_version", "the request line has no version"),
            Self::Version => (400, "version", "the request line does not end with a valid version"),
            Self::VersionUnsupported => (505, "version_unsupported", "the version is neither HTTP/1.0 nor HTTP/1.1"),
            Self::FieldName => (400, "field_name", "a field name is not a valid token"),
            Self::SpaceBeforeColon => (400, "space_before_colon", "a field name is not followed by its colon at once"),
            Self::FieldWithoutColon => (400, "field_without_colon", "a field line has no colon"),
            Self::ObsoleteFold => (400, "obsolete_fold", "a field line begins with a space or tab"),
            Self::FieldValue => (400, "field_value", "a field value has a control character"),
            Self::TooManyFields => (431, "too_many_fields", "there are too many fields"),
            Self::HeadTooLarge => (431, "head_too_large", "the request line and the fields are too large"),
            Self::ContentLength => (400, "content_length", "Content-Length is not one decimal number"),
            Self::ContentLengthTwice => (400, "content_length_twice", "Content-Length is there more than once"),
            Self::TransferEncoding => (400, "transfer_encoding", "Transfer-Encoding does not end with chunked, or not only there"),
            Self::TransferEncodingTwice => (400, "transfer_encoding_twice", "Transfer-Encoding is there more than once"),
            Self::TransferCodingUnknown => (501, "transfer_coding_unknown", "Transfer-Encoding has another coding than chunked"),
            Self::TransferEncodingAndContentLength => (400, "transfer_encoding_and_content_length", "both Transfer-Encoding and Content-Length are there"),
            Self::TransferEncodingInHttp10 => (400, "transfer_encoding_in_http10", "HTTP/1.0 has no Transfer-Encoding"),
            Self::ConnectWithContent => (400, "connect_with_content", "a CONNECT request has content"),
            Self::HostMissing => (400, "host_missing", "Host is missing"),
            Self::HostTwice => (400, "host_twice", "Host is there more than once"),
            Self::Host => (400, "host", "Host is not one valid host"),
            Self::HostMismatch => (400, "host_mismatch", "Host differs from the host in the request target"),
            Self::Connection => (400, "connection", "Connection is not a list of tokens"),
            Self::ConnectionOption => (400, "connection_option", "Connection names a field that must not be dropped"),
            Self::Expect => (417, "expect", "Expect is not 100-continue alone"),
            Self::ChunkSize => (400, "chunk_size", "a chunk size is not a valid hexadecimal number"),
            Self::ChunkExtension => (400, "chunk_extension", "a chunk size is not followed by its line end at once"),
            Self::ChunkEnd => (400, "chunk_end", "a chunk does not end where its size says"),
            Self::TrailerField => (400, "trailer_field", "a trailer has a field that belongs in the head"),
            Self::TooManyTrailers => (431, "too_many_trailers", "there are too many trailer fields"),
            Self::TrailersTooLarge => (431, "trailers_too_large", "the trailer fields are too large"),
        }
    }
}
