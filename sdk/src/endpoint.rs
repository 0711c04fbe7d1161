//! Reading an [`Endpoint`].

use crate::Endpoint;

impl Endpoint {
    /// The value that the operator gave to a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
