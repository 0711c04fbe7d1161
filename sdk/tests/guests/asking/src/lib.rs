//! Asks an upstream about each request and tells the client who answered.

use tidegate_sdk::prelude::*;

struct Asking;

impl Filter for Asking {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(Asking)
    }

    fn interest(&self) -> Interest {
        Interest::REQUEST
            .response()
            .request_body(BodyMode::Buffered)
            .response_body(BodyMode::Streamed)
    }

    fn on_request(&mut self) -> Verdict {
        match http_client::get("auth", &request::path()).send() {
            Ok(reply) if reply.is_success() => Verdict::Pass,
            Ok(reply) => reply.into(),
            Err(_) => Reply::new(503).into(),
        }
    }

    fn on_request_body(&mut self, chunk: &[u8], _: bool) -> BodyVerdict {
        BodyVerdict::replace(chunk.to_ascii_uppercase())
    }

    fn on_response(&mut self) -> Option<ResponseEdits> {
        Some(ResponseEdits::new().set("x-endpoint", response::endpoint()?))
    }

    fn on_response_body(&mut self, _: &[u8], _: bool) -> BodyVerdict {
        BodyVerdict::discard()
    }
}

export_filter!(Asking);
