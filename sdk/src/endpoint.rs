//! Reading an [`Endpoint`].

use crate::Endpoint;

impl Endpoint {
    /// The value that the operator gave to a label.
    ///
    /// ```
    /// use tidegate_sdk::{Endpoint, testing::endpoint};
    ///
    /// let labels = vec![("version".to_owned(), "2".to_owned())];
    /// let canary = Endpoint { weight: 5, labels, ..endpoint("10.0.0.1:80") };
    /// assert_eq!(canary.label("version"), Some("2"));
    /// assert_eq!(canary.label("rack"), None);
    /// ```
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
