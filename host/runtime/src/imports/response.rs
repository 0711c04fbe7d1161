//! `response`: the head of the response, in the phases of the response.

use crate::bindings::filters::tidegate::plugin::response::Host as Response;
use crate::instance::Host;
use crate::view::Exchange;
use wasmtime::Result;

impl Response for Host {
    fn status(&mut self) -> Result<u16> {
        Ok(self.head().map_or(0, |head| head.status.as_u16()))
    }

    fn header(&mut self, name: String) -> Result<Option<Vec<u8>>> {
        let value = self.head().and_then(|head| head.headers.get(&name));
        Ok(value.map(|value| value.as_bytes().to_vec()))
    }

    fn headers(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        let fields = self.head().into_iter().flat_map(|head| &head.headers);
        Ok(fields
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect())
    }

    fn endpoint(&mut self) -> Result<Option<String>> {
        let exchange = self.answered();
        Ok(exchange.and_then(|exchange| exchange.endpoint().map(str::to_owned)))
    }
}

impl Host {
    fn head(&self) -> Option<&http::response::Parts> {
        self.answered()?.response()
    }

    /// The exchange, in the phases of the response.
    fn answered(&self) -> Option<&dyn Exchange> {
        self.exchange.as_deref().filter(|_| self.responding)
    }
}
