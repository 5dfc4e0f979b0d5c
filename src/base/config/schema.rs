//! JSON Schemas of parameters: what their types, comments and defaults say, in the one form that programs read.
//!
//! Everything is in its place (no references), and as TOML has it: a key may be left out, but nothing is null.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value, json};

/// The schema of a type, such as a section of a parameter file.
pub fn schema_of<T: JsonSchema>() -> Schema {
    let mut settings = SchemaSettings::draft07().with_transform(RecursiveTransform(as_toml));
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.as_object_mut().into_iter().for_each(|keys| keys.retain(|key, _| key != "title"));
    schema
}

/// Takes out null, which TOML hasn't, and what repeats the rest.
fn as_toml(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    // The keys of a section have defaults of their own.
    let is_section = schema.contains_key("properties");
    schema.retain(|key, value| match &key[..] {
        "default" => !is_section && !value.is_null(),
        other => other != "format",
    });
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(ways)) = schema.get_mut("anyOf") {
        ways.retain(|way| way.get("type") != Some(&Value::from("null")));
        if let [Value::Object(only)] = &ways[..] {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.entry(key).or_insert(value);
            }
        }
    }
}

/// The schema of a parameter file with `simulation = "name"`: the framework's sections and its own.
pub(crate) fn schema_of_file(name: &str, framework: &Schema, own: &Schema) -> Schema {
    let mut properties = members(framework);
    properties.insert("simulation".to_owned(), json!({ "description": "What is run", "const": name }));
    properties.extend(members(own));
    let required: Vec<Value> = std::iter::once("simulation".into()).chain(needed(own)).collect();
    json_schema!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The schema of the one section `name` as that of a file with nothing else.
pub(crate) fn schema_of_section(name: &str, section: Schema) -> Schema {
    let needed = section.get("required").is_some();
    let required = if needed { vec![name] } else { Vec::new() };
    json_schema!({ "type": "object", "properties": { name: section }, "required": required })
}

/// The schema of a section of the kind `name`, as its key `tag` says: that key and those of `others`.
#[cfg(feature = "solvers")]
pub(crate) fn schema_of_kind(tag: &str, name: &str, others: &Schema) -> Schema {
    let mut properties = Map::from_iter([(tag.to_owned(), json!({ "type": "string", "const": name }))]);
    properties.extend(members(others));
    let required: Vec<Value> = std::iter::once(tag.into()).chain(needed(others)).collect();
    let about = others.get("description").cloned().unwrap_or_default();
    json_schema!({
        "description": about,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}

/// The schema of a parameter file of any of these kinds.
pub(crate) fn schema_of_any(files: &[Schema]) -> Schema {
    let draft = Map::from_iter([("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into())]);
    // Alone, so that an editor's messages name the key that doesn't fit.
    let any = match files {
        [file] => file.as_object().cloned().unwrap_or_default(),
        _ => Map::from_iter([("oneOf".to_owned(), files.iter().map(|file| file.as_value().clone()).collect())]),
    };
    draft.into_iter().chain(any).collect::<Map<String, Value>>().into()
}

fn members(schema: &Schema) -> Map<String, Value> {
    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn needed(schema: &Schema) -> Vec<Value> {
    schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default()
}
