//! The section `[method]` of a parameter file: how a fit is made, with which settings.
//!
//! Both kinds of ensembles have the same settings. What goes with tempering alone is refused, and left out, of the other; and how many temperatures
//! there are by default differs.

use schemars::{JsonSchema, Schema};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::{Table, Value};

use crate::base::config::by_kind;
use crate::orbit::ofti::OftiSection;
use crate::sampler::{EnsembleSettings, GridSettings, MaximumSettings};
use crate::{Error, Result};

/// Keys that an ensemble without tempering has no use for.
const OF_TEMPERING: [&str; 3] = ["temperatures", "ladder", "evidence_error"];

/// How a fit is made: `[method]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(tag = "kind", transform = tempering_apart)]
pub enum FitMethod {
    /// Rejection sampling (OFTI). One companion, relative astrometry.
    Ofti(OftiSection),
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

impl FitMethod {
    /// The name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            FitMethod::Ofti(_) => "ofti",
            FitMethod::Maximum(_) => "maximum",
            FitMethod::Grid(_) => "grid",
            FitMethod::Ensemble(_) => "ensemble",
            FitMethod::Tempering(_) => "tempering",
        }
    }

    /// Refuses settings that can't be, for so many parameters where that is known already.
    ///
    /// # Errors
    /// The key, and what is allowed.
    pub(super) fn check(&self, dimensions: Option<usize>) -> Result<()> {
        match self {
            FitMethod::Ofti(settings) => settings.check(),
            FitMethod::Maximum(settings) => settings.check(),
            FitMethod::Grid(settings) => settings.check(),
            FitMethod::Tempering(settings) if settings.temperatures < 2 => {
                let temperatures = settings.temperatures;
                let reason = "is not allowed: tempering needs at least 2, or say kind = \"ensemble\"";
                Err(Error::input("method.temperatures", format!("{temperatures} {reason}")))
            }
            FitMethod::Ensemble(settings) | FitMethod::Tempering(settings) => settings.check(dimensions),
        }
    }

    /// Whether it ends by itself: all but an ensemble, which goes on as long as it is asked to.
    pub(super) fn ends_by_itself(&self) -> bool {
        !matches!(self, FitMethod::Ensemble(_) | FitMethod::Tempering(_))
    }
}

/// From the keys of the section that is called `section` in the file.
///
/// # Errors
/// An unknown kind or key, a value of another type; the place names the key, as `method.walkers`.
fn read(section: &str, mut table: Table) -> Result<FitMethod> {
    match table.get("kind").and_then(Value::as_str) {
        Some("ensemble") => {
            if let Some(key) = OF_TEMPERING.iter().find(|key| table.contains_key(**key)) {
                let section = section.trim_end_matches('.');
                return Err(Error::input(format!("{section}.{key}"), "goes with kind = \"tempering\""));
            }
        }
        Some("tempering") => {
            let known = EnsembleSettings::tempering().temperatures as i64;
            table.entry("temperatures").or_insert(Value::Integer(known));
        }
        _ => {}
    }
    by_kind::read(section, table)
}

/// For `#[serde(with = ..)]`, as in [`by_kind`].
///
/// # Errors
/// As of a section that is read: the key is the place.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<FitMethod, D::Error> {
    read(".", Table::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// All settings as used.
///
/// # Errors
/// What TOML cannot hold.
pub(super) fn serialize<S: Serializer>(method: &FitMethod, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let mut table = by_kind::table(method).map_err(S::Error::custom)?;
    if matches!(method, FitMethod::Ensemble(_)) {
        OF_TEMPERING.iter().for_each(|key| drop(table.remove(*key)));
    }
    table.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::ParameterFile;

    fn read(text: &str) -> std::result::Result<FitMethod, String> {
        super::read("method", text.parse().unwrap()).map_err(|error| error.to_string())
    }

    /// The section as it is written.
    fn written(method: &FitMethod) -> Table {
        #[derive(Serialize)]
        struct File {
            #[serde(with = "super")]
            method: FitMethod,
        }
        let mut file = Table::try_from(File { method: method.clone() }).unwrap();
        file.remove("method").and_then(|method| method.as_table().cloned()).unwrap()
    }

    #[test]
    fn a_wrong_setting_of_a_parameter_file_is_told_with_its_line() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "read for its errors alone")]
        struct Config {
            #[serde(with = "super")]
            method: FitMethod,
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
            "kind = \"ofti\"\norbits = 7",
            "kind = \"maximum\"\nstarts = 3",
            "kind = \"grid\"\naxes = [{ parameter = \"x\", from = 1, to = 2, count = 3 }]",
        ];
        for text in texts {
            let method = read(text).unwrap();
            method.check(Some(2)).unwrap();
            let again = written(&method);
            assert_eq!(super::read("method", again.clone()).unwrap(), method, "{again}");
            assert!(again.contains_key("ladder") == (method.kind() == "tempering"), "{again}");
        }
        assert_eq!(read("kind = \"ensemble\"").unwrap(), FitMethod::Ensemble(EnsembleSettings::default()));
        assert_eq!(read("kind = \"tempering\"").unwrap(), FitMethod::Tempering(EnsembleSettings::tempering()));
    }

    /// Sections that can't be read, and what is told.
    const MISREAD: [(&str, &str); 13] = [
        ("kind = \"oftie\"", "method.kind: there is no `oftie`; did you mean `ofti`?"),
        ("kind = \"ofti\"\norbit = 7", "method.orbit: there is no parameter"),
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
    const MISFIT: [(&str, &str); 20] = [
        ("kind = \"ofti\"\norbits = 0", "method.orbits"),
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
