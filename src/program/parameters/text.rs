//! Parameters as commented TOML.

use serde_json::Value;

use super::{Parameter, Presence, Section};

/// Where comments begin.
const COMMENT: usize = 25;
/// Where lines end.
const WIDTH: usize = 120;

/// The sections as a parameter file: each key with its default; in a comment, with an example, where there is none.
pub(super) fn text(sections: &[Section]) -> String {
    sections.iter().map(section_text).collect::<Vec<_>>().join("\n")
}

fn section_text(section: &Section) -> String {
    let about = if section.is_alternative { "or" } else { &section.about };
    let head = with_comment(&format!("[{}]", section.name), about, &section.choices);
    section.parameters.iter().map(line).fold(head, |text, line| text + &line)
}

fn line(parameter: &Parameter) -> String {
    let Parameter { key, presence, value, about, choices } = parameter;
    let value = value.as_ref().map_or("...".to_owned(), toml);
    let setting = format!("{} = {value}", toml_key(key));
    match presence {
        Presence::Default | Presence::Kind => with_comment(&setting, about, choices),
        Presence::Needed => with_comment(&setting, &format!("{about} (needed)"), choices),
        Presence::Optional => with_comment(&format!("# {setting}"), about, choices),
    }
}

/// A line with its comment, which goes on below where it is long.
fn with_comment(line: &str, about: &str, choices: &[(String, String)]) -> String {
    let mut comments = wrapped(about, "");
    for (value, meaning) in choices {
        let meaning = if meaning.is_empty() { value.clone() } else { format!("{value}: {meaning}") };
        comments.extend(wrapped(&meaning, "  "));
    }
    let mut text = line.to_owned();
    let mut comments = comments.into_iter().peekable();
    // Behind a long line only where it fits.
    if let Some(first) = comments.next_if(|first| line.len().max(COMMENT - 1) + 3 + first.len() <= WIDTH) {
        text = format!("{line:<width$} # {first}", width = COMMENT - 1);
    }
    comments.fold(text, |text, comment| format!("{text}\n{:COMMENT$}# {comment}", "")) + "\n"
}

/// A text cut into lines of a comment; all but the first begin with two spaces more than `indent`.
fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let width = WIDTH - COMMENT - 2;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => *line += &format!(" {word}"),
            Some(_) => lines.push(format!("{indent}  {word}")),
            None => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

/// A value as TOML has it: numbers and texts as JSON has them.
pub(super) fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{} = {}", toml_key(key), toml(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

/// A key as TOML has it.
pub(super) fn toml_key(key: &str) -> String {
    let is_bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { key.to_owned() } else { format!("\"{key}\"") }
}
