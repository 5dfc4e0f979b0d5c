//! Parameters stand once, on their types: what the program prints of them, what the reference says and what comments in shipped
//! files say is the same. That editors which know the schema refuse what the program refuses is checked by
//! tests/readers/check_schema.py.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::common::{divisi, example, finish, root};

/// What a program prints within a minute.
fn printed(command: &mut Command) -> String {
    finish(command, 60).expect(0).stdout
}

/// The schema of the parameter files of this program.
fn schema(program: &mut Command, name: &[&str]) -> Value {
    serde_json::from_str(&printed(program.arg("schema").args(name))).expect("the schema is JSON")
}

/// The parameter files in a folder of the project.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// Every shipped parameter file with the schema of the program that reads it.
fn shipped() -> Vec<(PathBuf, Value)> {
    let own = schema(&mut divisi(), &[]);
    let sims = ["sims/nbody", "sims/fluid", "sims/optics", "sims/orbit", "sims/sweep"].into_iter().flat_map(files);
    let sims = sims.map(|path| (path, own.clone()));
    // pendulum.toml belongs to a sweep with a main of its own.
    let has_program = |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|text| text.contains("simulation ="));
    let examples = files("examples").into_iter().filter(has_program).map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (path, schema(&mut Command::new(example(&name)), &[]))
    });
    sims.chain(examples).collect()
}

fn json(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().expect("TOML")).expect("JSON")
}

#[test]
fn the_page_of_the_reference_is_what_the_program_prints() {
    let page = std::fs::read_to_string(root().join("docs/reference/parameters.md")).expect("the page");
    let fresh = printed(divisi().args(["list", "--markdown"]));
    assert!(page == fresh, "write it anew: divisi list --markdown > docs/reference/parameters.md");
}

/// The part of a schema that describes the section of this path; nothing where keys are free.
fn described<'a>(schema: &'a Value, file: &Value, path: &[&str]) -> Option<&'a Value> {
    let Some((key, inner)) = path.split_first() else { return Some(schema) };
    described(kind_of(schema, file)["properties"].get(key)?, &file[key], inner)
}

/// Of a section's kinds the one whose name the file gives; of a file that of its simulation.
fn kind_of<'a>(schema: &'a Value, section: &Value) -> &'a Value {
    let is_it = |way: &&Value| {
        let tags = way["properties"].as_object().into_iter().flatten().filter(|(_, tag)| tag.get("const").is_some());
        tags.into_iter().all(|(name, tag)| section.get(name) == Some(&tag["const"]))
    };
    let ways = flat(schema);
    ways.into_iter().find(is_it).unwrap_or(schema)
}

fn value_at<'a>(file: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(file, |value, key| value.get(key))
}

/// A schema's alternatives, with those of each in its place; itself where there are none.
fn flat(schema: &Value) -> Vec<&Value> {
    match schema.get("oneOf").or(schema.get("anyOf")).and_then(Value::as_array) {
        Some(ways) => ways.iter().flat_map(flat).collect(),
        None => vec![schema],
    }
}

/// The first sentence of a description, with its unit.
fn summary(schema: &Value) -> Option<String> {
    let text = schema["description"].as_str()?.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.match_indices(". ").find(|(place, _)| !text[..*place].ends_with("et al"));
    let first = text[..end.map_or(text.len(), |(place, _)| place)].trim_end_matches('.');
    let unit = schema["unit"].as_str().map(|unit| format!(" [{unit}]")).unwrap_or_default();
    Some(format!("{first}{unit}"))
}

/// What a comment behind a key may begin with: what the key is, or what its value means.
fn meanings(schema: &Value, value: &Value) -> Vec<String> {
    let chosen = flat(schema).into_iter().filter(|way| way.get("const") == Some(value));
    std::iter::once(schema).chain(chosen).filter_map(summary).collect()
}

/// The keys of a table with their paths, values and the comments behind them.
fn comments(text: &str, table: &DeTable, path: &[String], found: &mut Vec<(Vec<String>, String)>) {
    for (key, value) in table {
        let path = [path, &[key.get_ref().to_string()]].concat();
        if let DeValue::Table(inner) = value.get_ref() {
            comments(text, inner, &path, found);
        }
        // What stands behind a section's name is for its author to say.
        if matches!(value.get_ref(), DeValue::Table(_)) && text[value.span().start..].starts_with('[') {
            continue;
        }
        let rest = text[value.span().end..].lines().next().unwrap_or_default();
        if let Some(comment) = rest.trim().strip_prefix('#') {
            found.push((path, comment.trim().to_owned()));
        }
    }
}

/// What is wrong with the comments of a file.
fn drifted(path: &Path, schema: &Value) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a file");
    let file = json(&text);
    let mut found = Vec::new();
    comments(&text, DeTable::parse(&text).expect("TOML").get_ref(), &[], &mut found);
    let wrong = |(keys, comment): (Vec<String>, String)| {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (last, sections) = keys.split_last()?;
        let section = kind_of(described(schema, &file, sections)?, value_at(&file, sections)?);
        let own = section["properties"].get(last)?;
        // The key that names a kind means what the kind means.
        let meant = if own.get("const").is_some() { section } else { own };
        let known = meanings(meant, value_at(&file, &keys)?);
        let says_so = |meaning: &String| {
            comment.strip_prefix(&meaning[..]).is_some_and(|rest| rest.is_empty() || rest.starts_with([';', ':']))
        };
        let is_right = known.is_empty() || known.iter().any(says_so);
        (!is_right).then(|| format!("{}: {}: # {comment}, not {known:?}", path.display(), keys.join(".")))
    };
    found.into_iter().filter_map(wrong).collect()
}

#[test]
fn comments_in_shipped_files_say_what_the_types_say() {
    let wrong: Vec<String> = shipped().iter().flat_map(|(path, schema)| drifted(path, schema)).collect();
    assert!(
        wrong.is_empty(),
        "a comment behind a key begins with what `divisi list` says of it; why a value was chosen follows after a semicolon:\n{}",
        wrong.join("\n")
    );
}
