//! From edits and replies to what a filter answers.

use crate::{BodyVerdict, Reply, RequestEdits, Verdict};

/// A filter ends with `edits.into()`.
impl From<RequestEdits> for Verdict {
    fn from(edits: RequestEdits) -> Self {
        Verdict::Edit(edits)
    }
}

/// A filter ends with `Reply::new(403).into()`.
impl From<Reply> for Verdict {
    fn from(reply: Reply) -> Self {
        Verdict::Answer(reply)
    }
}

/// The exchange ends with this reply, or, when the response has begun, with an error.
impl From<Reply> for BodyVerdict {
    fn from(reply: Reply) -> Self {
        BodyVerdict::Abort(reply)
    }
}

/// ```
/// use tidegate_sdk::{BodyVerdict, Reply};
///
/// assert_eq!(BodyVerdict::replace("****"), BodyVerdict::Replace(b"****".to_vec()));
/// assert_eq!(BodyVerdict::discard(), BodyVerdict::Replace(Vec::new()));
/// assert!(matches!(BodyVerdict::from(Reply::new(413)), BodyVerdict::Abort(_)));
/// ```
impl BodyVerdict {
    /// These bytes go on in place of the chunk.
    pub fn replace(chunk: impl Into<Vec<u8>>) -> Self {
        BodyVerdict::Replace(chunk.into())
    }

    /// Nothing goes on in place of the chunk.
    pub fn discard() -> Self {
        BodyVerdict::Replace(Vec::new())
    }
}
