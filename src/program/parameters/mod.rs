//! Parameters for people: the sections of a parameter file as its schema has them.
//!
//! [`sections`] reads the schema of a file; [`listing`] writes sections as commented TOML, [`page`] as tables.

mod markdown;
mod text;

use schemars::Schema;
use serde::Serialize;
use serde_json::{Value, json};

/// Every parameter of these simulations, as commented TOML.
pub(super) fn listing(files: &[(&'static str, Schema)]) -> String {
    let parts = parts(files);
    let part = |(title, sections): &(String, Vec<Section>)| format!("# {title}\n\n{}\n", text::text(sections));
    parts.iter().map(part).collect()
}

/// Every parameter of these simulations, as a page of the reference.
pub(super) fn page(files: &[(&'static str, Schema)]) -> String {
    let parts = parts(files);
    let part = |(title, sections): &(String, Vec<Section>)| format!("\n## {title}\n\n{}", markdown::markdown(sections));
    format!("# Parameters\n\n{ABOUT}{}", parts.iter().map(part).collect::<String>())
}

/// Every parameter of these simulations, as JSON: the framework's sections under the name `null`.
pub(super) fn json(files: &[(&'static str, Schema)]) -> Value {
    let names = std::iter::once(Value::Null).chain(files.iter().map(|(name, _)| (*name).into()));
    let parts = names.zip(parts(files));
    parts.map(|(name, (_, sections))| json!({ "simulation": name, "sections": sections })).collect()
}

/// The top of the page.
const ABOUT: &str = "Every key of a parameter file, with its default and its meaning; a unit stands in brackets behind the meaning.
`divisi list` prints the same as commented TOML, `divisi schema` for editors. This page is what `divisi list --markdown` prints.
";

/// The framework's sections, and those that each simulation has beyond them.
fn parts(files: &[(&'static str, Schema)]) -> Vec<(String, Vec<Section>)> {
    let shared = sections(&crate::run::framework_schema());
    let own = |(name, schema): &(&'static str, Schema)| {
        let beyond = sections(schema).into_iter().filter(|section| !shared.contains(section));
        (format!("simulation = \"{name}\""), beyond.collect())
    };
    let own: Vec<_> = files.iter().map(own).collect();
    std::iter::once(("Of every simulation".to_owned(), shared)).chain(own).collect()
}

/// A section of a parameter file, or one of its kinds.
#[derive(PartialEq, Serialize)]
struct Section {
    /// Its name in brackets, such as `output.hints`.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Whether it takes the place of the section before.
    pub is_alternative: bool,
    /// Its keys; where these are free, those of an example.
    pub parameters: Vec<Parameter>,
    /// What the values of free keys may be, each with its meaning.
    #[serde(serialize_with = "meanings")]
    pub choices: Vec<(String, String)>,
}

/// A parameter.
#[derive(PartialEq, Serialize)]
struct Parameter {
    /// Its name.
    pub key: String,
    /// What happens where a file leaves it out.
    pub presence: Presence,
    /// Its default, or an example where it has none.
    pub value: Option<Value>,
    /// What it is, with its unit and its bounds.
    pub about: String,
    /// Values that it may have, or keys of its tables, each with its meaning.
    #[serde(serialize_with = "meanings")]
    pub choices: Vec<(String, String)>,
}

/// What happens where a parameter is left out.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Presence {
    /// It names the kind of its section, and is needed.
    Kind,
    /// It has its default.
    Default,
    /// It has no value.
    Optional,
    /// The file is refused.
    Needed,
}

/// Choices as JSON: objects of a value and its meaning.
fn meanings<S: serde::Serializer>(choices: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(choices.iter().map(|(value, meaning)| json!({ "value": value, "meaning": meaning })))
}

/// The sections of a file in their order, but for what the program writes itself.
fn sections(file: &Schema) -> Vec<Section> {
    let file = file.as_value();
    let written_by_people = members(file).filter(|(_, schema)| schema.get("readOnly").is_none());
    written_by_people.flat_map(|(name, schema)| sections_of(name, schema, is_needed(file, name))).collect()
}

/// A section with all its kinds, and the sections within it; nothing for a key of another type.
fn sections_of(name: &str, schema: &Value, is_needed: bool) -> Vec<Section> {
    let about = if is_needed { format!("{} (needed)", about(schema)).trim().to_owned() } else { about(schema) };
    let kinds = ways_within(schema);
    if kinds.iter().any(|kind| is_section(kind)) {
        let kinds = kinds.into_iter().enumerate();
        return kinds.flat_map(|(place, kind)| section(name, &about, place > 0, kind)).collect();
    }
    if is_section(schema) { section(name, &about, false, schema) } else { Vec::new() }
}

fn section(name: &str, about: &str, is_alternative: bool, schema: &Value) -> Vec<Section> {
    let (inner, own): (Vec<_>, Vec<_>) = members(schema).partition(|(_, member)| has_free_keys(member));
    let mut parameters: Vec<Parameter> = own.into_iter().map(|(key, member)| parameter(key, member, schema)).collect();
    say_choices_once(&mut parameters);
    parameters.extend(example(schema));
    let choices = schema.get("additionalProperties").map(choices).unwrap_or_default();
    let outer = Section { name: name.to_owned(), about: about.to_owned(), is_alternative, parameters, choices };
    let inner = inner.into_iter().flat_map(|(key, member)| {
        let is_needed = is_needed(schema, key);
        sections_of(&format!("{name}.{key}"), member, is_needed)
    });
    std::iter::once(outer).chain(inner).collect()
}

/// Whether a file is refused that leaves out this key of a section, or this section of a file.
fn is_needed(of: &Value, key: &str) -> bool {
    of.get("required").and_then(Value::as_array).is_some_and(|keys| keys.contains(&key.into()))
}

/// Leaves out choices that are those of the parameter before.
fn say_choices_once(parameters: &mut [Parameter]) {
    for place in (1..parameters.len()).rev() {
        if parameters[place].choices == parameters[place - 1].choices {
            parameters[place].choices.clear();
        }
    }
}

fn parameter(key: &str, schema: &Value, section: &Value) -> Parameter {
    let default = schema.get("const").or(schema.get("default")).cloned().or_else(|| default_of_table(schema));
    let example = schema.get("examples").and_then(|examples| examples.get(0));
    let presence = match default {
        _ if schema.get("const").is_some() => Presence::Kind,
        _ if is_needed(section, key) => Presence::Needed,
        Some(_) => Presence::Default,
        None => Presence::Optional,
    };
    // The key that names a kind means what the kind means.
    let meaning = if schema.get("const").is_some() { section } else { schema };
    Parameter {
        key: key.to_owned(),
        presence,
        value: default.or(example.cloned()),
        about: about(meaning),
        choices: choices(schema),
    }
}

/// A table within a section, with the defaults of its keys; nothing if a key has none.
fn default_of_table(schema: &Value) -> Option<Value> {
    let default = |(key, member): (&String, &Value)| Some((key.clone(), member.get("default")?.clone()));
    let keys: Option<serde_json::Map<String, Value>> = members(schema).map(default).collect();
    keys.filter(|keys| !keys.is_empty()).map(Value::Object)
}

/// The keys of a section's example, where they are free.
fn example(schema: &Value) -> Vec<Parameter> {
    let entries = schema.get("examples").and_then(|examples| examples.get(0)).and_then(Value::as_object);
    let entry = |(key, value): (&String, &Value)| Parameter {
        key: key.clone(),
        presence: Presence::Optional,
        value: Some(value.clone()),
        about: String::new(),
        choices: Vec::new(),
    };
    entries.into_iter().flatten().map(entry).collect()
}

/// What the comment on a type or field says, on one line, with its unit behind the first sentence and its bounds at the end.
fn about(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or("");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (first, rest) = first_sentence(&text);
    let unit = schema.get("unit").and_then(Value::as_str).map(|unit| format!(" [{unit}]")).unwrap_or_default();
    let rest = if rest.is_empty() { String::new() } else { format!(". {}", rest.trim_end_matches('.')) };
    format!("{first}{unit}{rest}{}", bounds(schema))
}

/// The first sentence of a text without its full stop, and the others. "et al." ends none.
fn first_sentence(text: &str) -> (&str, &str) {
    let ends = text.match_indices(". ").find(|(place, _)| !text[..*place].ends_with("et al"));
    ends.map_or((text.trim_end_matches('.'), ""), |(place, _)| (&text[..place], &text[place + 2..]))
}

/// The least and the largest value, where they say more than the type.
fn bounds(schema: &Value) -> String {
    let bound = |key: &str| schema.get(key).filter(|bound| bound.as_f64() != Some(0.0) || key == "exclusiveMinimum");
    let words =
        [("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"), ("exclusiveMaximum", "below")];
    let given: Vec<String> =
        words.iter().filter_map(|(key, word)| Some(format!("{word} {}", bound(key)?.as_f64()?))).collect();
    if given.is_empty() { String::new() } else { format!("; {}", given.join(", ")) }
}

/// The values that a parameter may have, or the keys of its tables; nothing where its type says it all.
fn choices(schema: &Value) -> Vec<(String, String)> {
    let choices: Vec<(String, String)> = ways(schema).flat_map(choice).collect();
    let says_more = choices.iter().any(|(value, _)| value.starts_with(['"', '{']));
    if says_more {
        return choices;
    }
    let table = schema.get("items").unwrap_or(schema);
    members(table).map(|(key, member)| (key.clone(), about(member))).collect()
}

/// One way to write a parameter; several where it can itself be written in several ways.
fn choice(way: &Value) -> Vec<(String, String)> {
    if let Some(values) = way.get("enum").and_then(Value::as_array) {
        return values.iter().map(|value| (value.to_string(), about(way))).collect();
    }
    if ways(way).next().is_some() {
        let meant = |(value, meaning): (String, String)| (value, if meaning.is_empty() { about(way) } else { meaning });
        return ways(way).flat_map(choice).map(meant).collect();
    }
    let keys: Vec<&str> = members(way).map(|(key, _)| key.as_str()).collect();
    let value = match (way.get("const"), way.get("type")) {
        (Some(value), _) => value.to_string(),
        (None, Some(Value::String(kind))) if kind == "object" => format!("{{ {} }}", keys.join(", ")),
        (None, Some(Value::String(kind))) => type_name(kind).to_owned(),
        (None, Some(Value::Array(kinds))) => {
            kinds.iter().filter_map(Value::as_str).map(type_name).collect::<Vec<_>>().join(", ")
        }
        _ => "any value".to_owned(),
    };
    vec![(value, about(way))]
}

/// A JSON type in TOML's words.
fn type_name(kind: &str) -> &str {
    match kind {
        "string" => "text",
        "integer" => "whole number",
        "boolean" => "true or false",
        "array" => "list",
        "object" => "table",
        other => other,
    }
}

/// The alternatives of a schema.
fn ways(schema: &Value) -> impl Iterator<Item = &Value> {
    let ways = schema.get("oneOf").or(schema.get("anyOf")).and_then(Value::as_array);
    ways.into_iter().flatten()
}

/// The alternatives of a schema, with those of an alternative in its place.
fn ways_within(schema: &Value) -> Vec<&Value> {
    let within = |way| if ways(way).next().is_some() { ways_within(way) } else { vec![way] };
    ways(schema).flat_map(within).collect()
}

fn members(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn is_section(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

/// Whether a table's keys are for the file to choose.
fn has_free_keys(schema: &Value) -> bool {
    is_section(schema) && schema.get("properties").is_none()
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct File {
        /// Its flow has no default.
        problem: Problem,
        /// All of it has defaults, and yet it is needed.
        grid: Grid,
        /// As the grid.
        #[serde(default)]
        again: Grid,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Problem {
        /// Needed.
        flow: f64,
        /// Its keys have defaults, it has none.
        table: Grid,
        /// A default of its own.
        #[serde(default)]
        speed: f64,
        /// No value.
        #[serde(default)]
        limit: Option<f64>,
    }

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Grid {
        /// A default of the struct's.
        cells: u64,
    }

    /// Keys without a default, with one of their own, with one of their struct's, tables of such; sections with and without a default.
    #[test]
    fn what_a_file_cannot_leave_out_is_told_as_needed() {
        let sections = sections(&crate::config::schema_of::<File>());
        let told = |name: &str| sections.iter().find(|section| section.name == name).unwrap();
        let needed = ["problem", "grid", "again"].map(|name| told(name).about.ends_with("(needed)"));
        assert_eq!(needed, [true, true, false]);
        let keys: Vec<(&str, Presence)> =
            told("problem").parameters.iter().map(|parameter| (&parameter.key[..], parameter.presence)).collect();
        let expected = [
            ("flow", Presence::Needed),
            ("table", Presence::Needed),
            ("speed", Presence::Default),
            ("limit", Presence::Optional),
        ];
        assert!(keys == expected, "{}", text::text(&sections));
        assert!(told("grid").parameters[0].presence == Presence::Default);
    }
}
