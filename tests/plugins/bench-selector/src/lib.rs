//! The selector of the side-by-side workload: the endpoint that the filter's field names.

use tidegate_sdk::prelude::*;

struct ByField(u32);

impl Selector for ByField {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(ByField(0))
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.0 = endpoints.len() as u32;
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let field = request::header("x-bench-added")?;
        let index = u32::from(field.get(1)?.wrapping_sub(b'0'));
        (index < self.0 && !excluded.contains(index)).then(|| Choice::at(index))
    }
}

export!(ByField);
