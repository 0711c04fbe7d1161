//! The thread that makes spares, off the threads that serve requests.

use std::sync::mpsc::{Sender, channel};

type Order = Box<dyn FnOnce() + Send>;

/// Takes orders; ends with the sandbox and its pools.
#[derive(Clone)]
pub(crate) struct Housekeeper(Sender<Order>);

impl Housekeeper {
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sender, orders) = channel::<Order>();
        std::thread::Builder::new()
            .name("housekeeper".into())
            .spawn(move || orders.into_iter().for_each(|order| order()))?;
        Ok(Self(sender))
    }

    /// Runs `order` some time soon.
    pub(crate) fn order(&self, order: impl FnOnce() + Send + 'static) {
        // A housekeeper that is gone is a process that ends: there is nobody to tell.
        let _ = self.0.send(Box::new(order));
    }
}
