//! Parameters as tables of a page.

use super::text::{toml, toml_key};
use super::{Parameter, Presence, Section};

/// The sections, a heading and a table each.
pub(super) fn markdown(sections: &[Section]) -> String {
    sections.iter().map(section_text).collect::<Vec<_>>().join("\n")
}

fn section_text(section: &Section) -> String {
    let Section { name, about, parameters, choices, .. } = section;
    let rows: Vec<String> = parameters.iter().map(row).collect();
    let mut text = match (section.is_alternative, &rows[..]) {
        (true, _) => String::new(),
        (false, _) => format!("### `[{name}]`\n\n{}.\n\n", escaped(about)),
    };
    text += &choices.iter().map(|(value, meaning)| format!("* `{value}`: {}\n", escaped(meaning))).collect::<String>();
    if !rows.is_empty() {
        text += &format!("| key | default | meaning |\n|---|---|---|\n{}", rows.concat());
    }
    text
}

fn row(parameter: &Parameter) -> String {
    let Parameter { key, presence, value, about, choices } = parameter;
    let value = value.as_ref().map(|value| format!("`{}`", toml(value)));
    let default = match (presence, value) {
        (Presence::Default | Presence::Kind, Some(value)) => value,
        (Presence::Needed, Some(value)) => format!("needed: {value}"),
        (Presence::Needed, None) => "needed".to_owned(),
        (_, Some(value)) => format!("none; {value}"),
        (_, None) => "none".to_owned(),
    };
    let choice = |(value, meaning): &(String, String)| match &meaning[..] {
        "" => format!("<br>`{value}`"),
        meaning => format!("<br>`{value}`: {}", escaped(meaning)),
    };
    let choices: String = choices.iter().map(choice).collect();
    format!("| `{}` | {} | {}{choices} |\n", toml_key(key), default.replace('|', "\\|"), escaped(about))
}

/// A text that holds no sign of a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
