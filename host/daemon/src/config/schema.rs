//! The JSON Schema of the configuration file, for editors.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

use super::written;

/// The schema (draft 2020-12). It accepts every file that [`super::load`] accepts; it cannot
/// say everything that `load` refuses.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(NotNull);
    settings
        .into_generator()
        .into_root_schema_for::<written::File>()
        .to_value()
}

/// An optional key may be absent, but not empty: takes the `null` away that a generated
/// schema allows.
#[derive(Clone)]
struct NotNull;

impl Transform for NotNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
            choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                for (key, value) in only {
                    schema.ensure_object().entry(key).or_insert(value);
                }
            }
        }
    }
}
