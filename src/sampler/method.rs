//! The section `[method]` of a parameter file: which sampler, with which settings.

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::ensemble::EnsembleSettings;
use super::grid::GridSettings;
use super::maximum::MaximumSettings;
use crate::base::config::{nearest_of, read_section};
use crate::{Error, Result};

/// What `kind` can say.
pub(crate) const KINDS: [&str; 4] = ["maximum", "grid", "ensemble", "tempering"];
/// Keys that an ensemble without tempering has no use for.
const OF_TEMPERING: [&str; 3] = ["temperatures", "ladder", "evidence_error"];

/// A sampler and its settings: `[method]` of a parameter file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Table", into = "Table")]
#[schemars(!try_from, !into, tag = "kind", rename_all = "snake_case", transform = tempering_apart)]
pub enum Method {
    /// The maximum of the posterior. From many starts.
    Maximum(MaximumSettings),
    /// A grid over some parameters. At each node the others are searched for or held.
    Grid(GridSettings),
    /// An affine-invariant ensemble. It needs an end by `[run]` steps.
    Ensemble(EnsembleSettings),
    /// An ensemble at several temperatures. It needs an end by `[run]` steps.
    Tempering(EnsembleSettings),
}

/// Of the settings that both kinds of ensembles share, what goes with tempering alone, and how many temperatures it has by default.
fn tempering_apart(schema: &mut Schema) {
    let kinds = schema.get_mut("oneOf").and_then(|kinds| kinds.as_array_mut());
    for kind in kinds.into_iter().flatten() {
        let name = kind["properties"]["kind"]["const"].clone();
        if name == "ensemble" {
            let keys = kind["properties"].as_object_mut();
            keys.into_iter().for_each(|keys| keys.retain(|key, _| !OF_TEMPERING.contains(&&key[..])));
        } else if name == "tempering" {
            kind["properties"]["temperatures"]["default"] = EnsembleSettings::tempering().temperatures.into();
        }
    }
}

impl Method {
    /// From the section's keys.
    ///
    /// # Errors
    /// An unknown kind or key, a value of another type; the place names the key, as `method.walkers`.
    pub fn from_table(table: &Table) -> Result<Self> {
        let mut settings = table.clone();
        let kind = match settings.remove("kind") {
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(Error::input("method.kind", "must be a name in quotes, as in kind = \"ensemble\"")),
            None => return Err(Error::input("method", format!("kind = \"...\" is missing: {}", KINDS.join(", ")))),
        };
        match &kind[..] {
            "maximum" => read_section("method", settings).map(Method::Maximum),
            "grid" => read_section("method", settings).map(Method::Grid),
            "ensemble" => match OF_TEMPERING.iter().find(|key| settings.contains_key(**key)) {
                Some(key) => Err(Error::input(format!("method.{key}"), "goes with kind = \"tempering\"")),
                None => read_section("method", settings).map(Method::Ensemble),
            },
            "tempering" => {
                let known = EnsembleSettings::tempering().temperatures as i64;
                settings.entry("temperatures").or_insert(Value::Integer(known));
                read_section("method", settings).map(Method::Tempering)
            }
            _ => Err(Error::input("method.kind", format!("there is no `{kind}`{}", nearest_of(&kind, &KINDS)))),
        }
    }

    /// The name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Method::Maximum(_) => "maximum",
            Method::Grid(_) => "grid",
            Method::Ensemble(_) => "ensemble",
            Method::Tempering(_) => "tempering",
        }
    }

    /// Refuses settings that can't be, for a density of so many parameters where that is known already.
    ///
    /// # Errors
    /// The key, and what is allowed.
    pub fn check(&self, dimensions: Option<usize>) -> Result<()> {
        match self {
            Method::Maximum(settings) => settings.check(),
            Method::Grid(settings) => settings.check(),
            Method::Ensemble(settings) => settings.check(dimensions),
            Method::Tempering(settings) if settings.temperatures < 2 => {
                let reason = format!(
                    "{} is not allowed: tempering needs at least 2, or say kind = \"ensemble\"",
                    settings.temperatures
                );
                Err(Error::input("method.temperatures", reason))
            }
            Method::Tempering(settings) => settings.check(dimensions),
        }
    }
}

impl TryFrom<Table> for Method {
    type Error = Error;

    fn try_from(table: Table) -> Result<Self> {
        Method::from_table(&table)
    }
}

impl From<Method> for Table {
    /// All settings as used.
    fn from(method: Method) -> Table {
        let kind = method.kind();
        let settings = match method {
            Method::Maximum(settings) => Table::try_from(settings),
            Method::Grid(settings) => Table::try_from(settings),
            Method::Ensemble(settings) => Table::try_from(settings).map(|mut settings| {
                OF_TEMPERING.iter().for_each(|key| drop(settings.remove(*key)));
                settings
            }),
            Method::Tempering(settings) => Table::try_from(settings),
        };
        let mut table = Table::from_iter([("kind".to_owned(), Value::String(kind.to_owned()))]);
        table.extend(settings.unwrap_or_default());
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::ParameterFile;

    fn read(text: &str) -> std::result::Result<Method, String> {
        Method::from_table(&text.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_setting_of_a_parameter_file_is_told_with_its_line() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "read for its errors alone")]
        struct Config {
            method: Method,
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.toml");
        std::fs::write(&path, "[method]\nkind = \"ensemble\"\nwalkers = \"many\"\n").unwrap();
        let message = |words: &[String]| {
            ParameterFile::read(&path, words).unwrap().typed::<Config>(|_| true, &[]).unwrap_err().to_string()
        };
        assert!(
            message(&[]).starts_with("method.walkers (") && message(&[]).contains("run.toml, line 3): invalid type")
        );
        let word = message(&["method.walkers=32".into(), "method.thn=3".into()]);
        assert!(word.contains("method.thn (from `method.thn=3`): there is no parameter `thn`"), "{word}");
    }

    #[test]
    fn settings_have_defaults_and_come_back_as_used() {
        let texts = [
            "kind = \"ensemble\"\nwalkers = 32\nstart = { around = { a = 1.0 } }",
            "kind = \"ensemble\"\nstart = \"maximum\"\nmoves = { differential = 0.8, snooker = 0.2 }",
            "kind = \"tempering\"\nladder = [1.0, 0.1, 0.0]\ntemperatures = 3",
            "kind = \"tempering\"",
            "kind = \"maximum\"\nstarts = 3",
            "kind = \"grid\"\naxes = [{ parameter = \"x\", from = 1, to = 2, count = 3 }]",
        ];
        for text in texts {
            let method = read(text).unwrap();
            method.check(Some(2)).unwrap();
            let again = Table::from(method.clone());
            assert_eq!(Method::from_table(&again).unwrap(), method, "{again}");
        }
        assert_eq!(read("kind = \"ensemble\"").unwrap(), Method::Ensemble(EnsembleSettings::default()));
        assert_eq!(read("kind = \"tempering\"").unwrap(), Method::Tempering(EnsembleSettings::tempering()));
    }

    /// Sections that can't be read, and what is told.
    const MISREAD: [(&str, &str); 11] = [
        ("walkers = 32", "method: kind"),
        ("kind = 3", "method.kind"),
        ("kind = \"ensembel\"", "did you mean `ensemble`?"),
        (
            "kind = \"ensemble\"\nwalkrs = 32",
            "method.walkrs: there is no parameter `walkrs` here; did you mean `walkers`?",
        ),
        ("kind = \"ensemble\"\nwalkers = \"many\"", "method.walkers"),
        ("kind = \"ensemble\"\nwalkers = -4", "method.walkers"),
        ("kind = \"ensemble\"\ntemperatures = 4", "method.temperatures: goes with kind = \"tempering\""),
        ("kind = \"ensemble\"\nevidence_error = 0.1", "method.evidence_error: goes with kind = \"tempering\""),
        ("kind = \"ensemble\"\nmoves = { strech = 1 }", "method.moves.strech"),
        ("kind = \"ensemble\"\nstart = \"priors\"", "method.start"),
        ("kind = \"grid\"", "method: missing field `axes`"),
    ];

    /// Sections whose settings can't be, with five parameters.
    const MISFIT: [(&str, &str); 19] = [
        ("kind = \"ensemble\"\nwalkers = 33", "method.walkers: 33 is odd"),
        ("kind = \"ensemble\"\nwalkers = 8", "method.walkers: 8 are too few"),
        ("kind = \"ensemble\"\nwalkers = 0", "method.walkers: 0 are too few"),
        ("kind = \"ensemble\"\nthin = 0", "method.thin: 0"),
        ("kind = \"ensemble\"\nlook_every = 0", "method.look_every: 0"),
        ("kind = \"ensemble\"\neffective_samples = -1.0", "method.effective_samples: -1"),
        ("kind = \"ensemble\"\nleast_times = -1.0", "method.least_times: -1"),
        ("kind = \"ensemble\"\nr_hat = 0.9", "method.r_hat: 0.9"),
        ("kind = \"ensemble\"\nmoves = { stretch = -1.0 }", "method.moves.stretch: -1"),
        ("kind = \"ensemble\"\nmoves = { stretch = 0.0 }", "method.moves: all weights are 0"),
        ("kind = \"ensemble\"\nmoves = { scale = 1.0 }", "method.moves.scale: 1"),
        ("kind = \"ensemble\"\nstart = { around = {}, spread = 0.0 }", "method.start.spread: 0"),
        ("kind = \"tempering\"\ntemperatures = 1", "method.temperatures: 1"),
        ("kind = \"tempering\"\nevidence_error = -0.1", "method.evidence_error: -0.1"),
        ("kind = \"tempering\"\nladder = [1.0, 0.5]", "method.ladder"),
        ("kind = \"maximum\"\nstarts = 0", "method.starts: 0"),
        ("kind = \"maximum\"\nstarts_per_step = 0", "method.starts_per_step: 0"),
        ("kind = \"maximum\"\ndirections = 0", "method.directions: 0"),
        ("kind = \"grid\"\naxes = []", "method.axes"),
    ];

    #[test]
    fn wrong_settings_are_refused_with_their_key() {
        for (text, message) in MISREAD {
            let error = read(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        for (text, message) in MISFIT {
            let error = read(text).unwrap().check(Some(5)).unwrap_err().to_string();
            assert!(error.starts_with(message), "{text}: {error}");
        }
        let few = "kind = \"ensemble\"\nwalkers = 4\nmoves = { snooker = 1.0 }";
        assert!(read(few).unwrap().check(Some(1)).unwrap_err().to_string().contains("needs at least 6 walkers"));
    }
}
