//! Making a [`Choice`], and the edits of the response that may go with it.

use crate::HeaderEdit;

/// An endpoint, and what is to be changed in its response.
///
/// ```
/// use tidegate_sdk::{Choice, HeaderEdit};
///
/// let choice = Choice::at(2).with(HeaderEdit::append("set-cookie", "at=2; Path=/"));
/// assert_eq!(choice.index, 2);
/// assert_eq!(choice.response_edits.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Position in the list last given to `update`.
    pub index: u32,
    /// Applied in this order when this endpoint is the one that answers. Mostly empty.
    pub response_edits: Vec<HeaderEdit>,
}

impl Choice {
    /// The endpoint at this position of the list, and no edits.
    #[inline]
    pub fn at(index: u32) -> Self {
        Choice {
            index,
            response_edits: Vec::new(),
        }
    }

    /// The same choice with one more edit of the response. It is applied when this endpoint is the
    /// one that answers in the end.
    pub fn with(mut self, edit: HeaderEdit) -> Self {
        self.response_edits.push(edit);
        self
    }
}
