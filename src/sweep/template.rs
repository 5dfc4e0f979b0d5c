//! Texts with places for values: `{name}`, read once and filled per task.
//!
//! `{name}` is a parameter's value as it was written in a file of points, else in the shortest form that reads back as the same; `{name:.3}` has three decimals,
//! `{name:.3e}` is scientific, `{index:05}` is filled with zeros. Beside the parameters there are `{index}` (the task's,
//! from 0), `{seed}` (the task's own), `{attempt}` (from 1) and `{folder}` (the task's own). `{{` and `}}` are braces.
//!
//! There is no rank: results may not depend on which rank ran a task.

use std::fmt::Write;
use std::path::Path;

use super::value::Value;
use crate::base::config::nearest_of;
use crate::{Error, Result};

/// What a template knows of a task beside its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// The task's index, from 0.
    pub index: u64,
    /// The task's own seed.
    pub seed: u64,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The task's own folder.
    pub folder: &'a Path,
}

/// A text with places for values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Place(Source, Format),
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Parameter(usize),
    Index,
    Seed,
    Attempt,
    Folder,
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Format {
    width: usize,
    decimals: Option<usize>,
    scientific: bool,
}

/// Names of places that are no parameters.
const OTHERS: [(&str, Source); 4] =
    [("index", Source::Index), ("seed", Source::Seed), ("attempt", Source::Attempt), ("folder", Source::Folder)];
/// The widest that zeros fill, and the most decimals.
const WIDEST: usize = 99;

impl Template {
    /// Reads `text`, which is at `place` in the plan and may use the parameters `names`.
    ///
    /// # Errors
    /// Unknown names, braces without partner, impossible formats; names them and what is allowed.
    pub(crate) fn new(place: &str, text: &str, names: &[String]) -> Result<Self> {
        let mut parts = vec![];
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let end = after.find('}').filter(|_| brace == "{");
            let lone = || Error::input(place, format!("`{text}`: a lone {brace} must be written {brace}{brace}"));
            let (inside, after) = after.split_at(end.ok_or_else(lone)?);
            parts.extend((!plain.is_empty()).then(|| Part::Text(std::mem::take(&mut plain))));
            parts.push(place_of(inside, names).map_err(|reason| Error::input(place, format!("`{text}`: {reason}")))?);
            rest = &after[1..];
        }
        plain.push_str(rest);
        parts.extend((!plain.is_empty()).then_some(Part::Text(plain)));
        Ok(Template { source: text.to_owned(), parts })
    }

    /// The text with the values of a task: `point` holds its parameters in the order of their names.
    pub(crate) fn fill(&self, point: &[Value], context: &Context) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Place(source, format) => source.show(*format, point, context, &mut text),
            }
        }
        text
    }

    /// The text as written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The text, where it has no places for values.
    pub(crate) fn literal(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The parameter that is all of the text, shown in its own form.
    pub(crate) fn only_parameter(&self) -> Option<usize> {
        match &self.parts[..] {
            [Part::Place(Source::Parameter(parameter), format)] if *format == Format::default() => Some(*parameter),
            _ => None,
        }
    }

    /// Whether a parameter has a place in the text.
    pub(crate) fn uses(&self, parameter: usize) -> bool {
        self.sources().any(|(source, _)| source == Source::Parameter(parameter))
    }

    /// Whether a parameter has a place that shows numbers only.
    pub(crate) fn formats(&self, parameter: usize) -> bool {
        self.sources().any(|(source, format)| source == Source::Parameter(parameter) && format != Format::default())
    }

    /// Whether the task's folder has a place in the text.
    pub(crate) fn uses_folder(&self) -> bool {
        self.sources().any(|(source, _)| source == Source::Folder)
    }

    fn sources(&self) -> impl Iterator<Item = (Source, Format)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(source, format) => Some((*source, *format)),
            Part::Text(_) => None,
        })
    }
}

impl Source {
    /// Appends the value to `text`.
    fn show(self, format: Format, point: &[Value], context: &Context, text: &mut String) {
        match self {
            Source::Parameter(parameter) => format.show(&point[parameter], text),
            Source::Index => format.whole(context.index.into(), text),
            Source::Seed => format.whole(context.seed.into(), text),
            Source::Attempt => format.whole(context.attempt.into(), text),
            Source::Folder => text.push_str(&context.folder.to_string_lossy()),
        }
    }
}

impl Format {
    /// The part behind the colon: zeros' width, decimals, `e`.
    fn read(text: &str) -> std::result::Result<Self, String> {
        let wrong =
            || format!("the format `{text}` is none of .3 (decimals), .3e (scientific), 05 (filled with zeros)");
        let (body, scientific) = text.strip_suffix('e').map_or((text, false), |body| (body, true));
        let (width, decimals) = body.split_once('.').map_or((body, None), |(width, decimals)| (width, Some(decimals)));
        let digits = |digits: &str| {
            let all = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
            digits.parse::<usize>().ok().filter(|&n| all && n <= WIDEST).ok_or_else(wrong)
        };
        let zeros = width.strip_prefix('0');
        if text.is_empty() || (!width.is_empty() && zeros.is_none()) || (scientific && decimals.is_none()) {
            return Err(wrong());
        }
        let width = zeros.map_or(Ok(0), digits)?;
        Ok(Format { width, decimals: decimals.map(digits).transpose()?, scientific })
    }

    fn show(self, value: &Value, text: &mut String) {
        match value {
            Value::Integer(integer) => self.whole((*integer).into(), text),
            Value::Number(number) => self.number(*number, text),
            Value::Written(_) if self != Format::default() => self.number(value.number().unwrap_or(f64::NAN), text),
            // Numbers alone have a format: a plan that would show another value so is refused.
            other => append(text, format_args!("{other}")),
        }
    }

    fn whole(self, whole: i128, text: &mut String) {
        match self.decimals {
            Some(_) => self.number(whole as f64, text),
            None => append(text, format_args!("{whole:0width$}", width = self.width)),
        }
    }

    fn number(self, number: f64, text: &mut String) {
        let width = self.width;
        match self.decimals {
            None => append(text, format_args!("{number:0width$?}")),
            Some(decimals) if self.scientific => append(text, format_args!("{number:0width$.decimals$e}")),
            Some(decimals) => append(text, format_args!("{number:0width$.decimals$}")),
        }
    }
}

fn append(text: &mut String, shown: std::fmt::Arguments) {
    let infallible = text.write_fmt(shown);
    debug_assert!(infallible.is_ok());
}

/// The place between braces.
fn place_of(inside: &str, names: &[String]) -> std::result::Result<Part, String> {
    let (name, format) = inside.split_once(':').map_or((inside, None), |(name, format)| (name, Some(format)));
    let format = format.map_or(Ok(Format::default()), Format::read)?;
    let parameter = names.iter().position(|known| known == name).map(Source::Parameter);
    let other = || OTHERS.iter().find(|(known, _)| *known == name).map(|(_, source)| *source);
    let unknown = || {
        let known: Vec<&str> = names.iter().map(String::as_str).chain(OTHERS.map(|(name, _)| name)).collect();
        format!("there is no parameter `{name}`{}", nearest_of(name, &known))
    };
    match parameter.or_else(other).ok_or_else(unknown)? {
        Source::Folder if format != Format::default() => Err("{folder} has no format".to_owned()),
        source => Ok(Part::Place(source, format)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template> {
        Template::new("task.command", text, &["period".into(), "name".into(), "n".into()])
    }

    fn filled(text: &str) -> String {
        let context = Context { index: 7, seed: 1 << 62, attempt: 2, folder: Path::new("tasks/7") };
        let point = [Value::Number(0.1), Value::Text("two words".into()), Value::Integer(-3)];
        template(text).unwrap().fill(&point, &context)
    }

    fn message(text: &str) -> String {
        template(text).unwrap_err().to_string()
    }

    #[test]
    fn values_are_filled_in_where_their_names_stand() {
        assert_eq!(filled("--a={period} {name}{n}"), "--a=0.1 two words-3");
        assert_eq!(filled("{index} {seed} {attempt} {folder}/out"), "7 4611686018427387904 2 tasks/7/out");
        assert_eq!(filled(""), "");
        assert_eq!(filled("ü{n}ü"), "ü-3ü");
    }

    #[test]
    fn a_number_that_keeps_its_text_is_filled_in_as_it_was_written() {
        let context = Context { index: 0, seed: 0, attempt: 1, folder: Path::new("") };
        let point = [Value::Written("1.10".into()), Value::Bool(true), Value::Integer(0)];
        let filled = template("{period} {period:.3} {period:05}").unwrap().fill(&point, &context);
        assert_eq!(filled, "1.10 1.100 001.1");
    }

    #[test]
    fn formats_set_decimals_and_zeros() {
        assert_eq!(filled("{period:.3} {period:.2e} {n:.1} {n:.0}"), "0.100 1.00e-1 -3.0 -3");
        assert_eq!(filled("{index:05} {n:04} {period:06.2} {period:06}"), "00007 -003 000.10 0000.1");
    }

    #[test]
    fn doubled_braces_are_braces() {
        assert_eq!(filled("{{{n}}} {{}} }}{{ {{n}}"), "{-3} {} }{ {n}");
        assert_eq!(filled(r#"{{"a": {period}}}"#), r#"{"a": 0.1}"#);
        assert_eq!(template("{{x}}").unwrap().literal(), Some("{x}"));
        assert_eq!(template("{n}").unwrap().literal(), None);
        assert_eq!(template("").unwrap().literal(), Some(""));
    }

    #[test]
    fn wrong_texts_are_refused_with_what_was_meant() {
        assert_eq!(
            message("--a={perod}"),
            "task.command: `--a={perod}`: there is no parameter `perod`; did you mean `period`?"
        );
        assert!(message("{rank}").contains("there is no parameter `rank`"));
        assert!(message("{}").contains("there is no parameter ``"));
        assert!(message("{n").contains("a lone { must be written {{"));
        assert!(message("n}").contains("a lone } must be written }}"));
        assert!(message("{folder:.3}").contains("has no format"));
        for format in ["", "3", ".", ".x", "e", "0", "05e", ".3f", ".100", ".+3", "0-5"] {
            assert!(
                message(&format!("{{n:{format}}}")).contains(&format!("the format `{format}` is none of")),
                "{format}"
            );
        }
    }

    #[test]
    fn what_a_template_uses_is_known() {
        let used = template("{period:.3} {folder}").unwrap();
        assert!(used.uses(0) && used.formats(0) && used.uses_folder() && !used.uses(1) && !used.formats(1));
        assert_eq!(used.only_parameter(), None);
        assert_eq!(template("{n}").unwrap().only_parameter(), Some(2));
        assert_eq!(template("{n:.3}").unwrap().only_parameter(), None);
        assert!(!template("{name}").unwrap().uses_folder());
    }
}
