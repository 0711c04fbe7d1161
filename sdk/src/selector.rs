//! The trait that a selector implements, and nothing else.

use crate::config::Config;
use crate::{Choice, Endpoint, Excluded};

/// A plugin that chooses the endpoint of each attempt.
///
/// The host makes one instance for each of its threads, and may drop any of them between two
/// calls: what must be shared or must survive belongs into [`state`](crate::state). Calls to one
/// instance never overlap.
///
/// A panic, or a call that takes longer than the operator's deadline, costs this instance and not
/// the request: the host chooses by its own fallback, and the message of the panic is in its log.
///
/// ```
/// use tidegate_sdk::prelude::*;
/// # use tidegate_sdk::testing::{Host, endpoints};
///
/// /// Retries go to the endpoint with the most room, first attempts to anybody.
/// struct Careful(u32);
///
/// impl Selector for Careful {
///     type Config = NoConfig;
///
///     fn configure(_: NoConfig) -> Result<Self, String> {
///         Ok(Careful(0))
///     }
///
///     fn update(&mut self, endpoints: Vec<Endpoint>) {
///         self.0 = endpoints.len() as u32;
///     }
///
///     fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
///         if request::attempt() == 0 {
///             return None;
///         }
///         let left = (0..self.0).filter(|&position| !excluded.contains(position));
///         left.min_by_key(|&position| load::in_flight_of(position)).map(Choice::at)
///     }
/// }
///
/// # let host = Host::new();
/// # let mut selector = host.plugin::<Careful>("{}").unwrap();
/// # selector.update(&endpoints(3));
/// # host.in_flight(&[0, 4, 2]);
/// assert_eq!(selector.pick(), None);
/// host.request(tidegate_sdk::testing::Request::get("/").attempt(1));
/// host.exclude(&[0]);
/// assert_eq!(selector.pick(), Some(2));
/// ```
pub trait Selector: Sized + 'static {
    /// The plugin's `config` section of the operator's file. Derive `serde::Deserialize` with
    /// `#[serde(deny_unknown_fields)]`: a misspelt key is then refused with its path instead of
    /// being ignored. [`NoConfig`](crate::NoConfig) refuses every key.
    type Config: Config;

    /// Makes an instance, once, before anything else. Open counters, buckets and metrics here.
    ///
    /// # Errors
    /// The message refuses the operator's file as a whole and is shown to them with its place, so
    /// it says what to write instead. The same configuration must always get the same answer.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// The endpoints that may be chosen from now on; the first call comes before the first
    /// `select`, later ones whenever the list or a weight changed. Never empty, at most 65,536.
    ///
    /// Whatever can be computed ahead is computed here: this is not on the path of a request.
    fn update(&mut self, endpoints: Vec<Endpoint>);

    /// Chooses for one attempt: a position in the list last given to `update`, not excluded.
    /// `None` means that this plugin has no opinion: the host's fallback chooses.
    fn select(&mut self, excluded: &Excluded) -> Option<Choice>;
}
