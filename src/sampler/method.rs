//! The section `[method]` of a parameter file: which sampler, with which settings.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{EnsembleSettings, GridSettings, MaximumSettings};
use crate::config::nearest_of;
use crate::{Error, Result};

/// What `kind` can say.
pub const KINDS: [&str; 4] = ["maximum", "grid", "ensemble", "tempering"];
/// Keys that an ensemble without tempering has no use for.
const OF_TEMPERING: [&str; 2] = ["temperatures", "ladder"];

/// Every setting of these kinds with its default, as commented TOML.
pub const PARAMETERS: &str = r#"[method]
kind = "ensemble"        # "maximum" | "grid" | "ensemble" | "tempering"

# kind = "maximum"
starts = 256             # starts, drawn from the prior
starts_per_step = 64     # starts of one step of the run
directions = 500         # the most directions of one climb

# kind = "grid"
axes = [{ parameter = "ecc1", from = 0.0, to = 0.9, count = 10, log = false }]   # the first varies slowest
held = {}                # values of parameters that are held, by name; all others are searched for at each node
starts = 8               # starts of the search at each node
directions = 500         # the most directions of one climb

# kind = "ensemble" and "tempering"; an end by [run] steps is needed
walkers = 64             # at each temperature; even, at least twice the number of parameters
burn_in = 1000           # steps that are left out
thin = 10                # each so many-th step after them is kept
effective_samples = 0.0  # ends the run when there are so many of each parameter (0: never)
least_times = 50.0       # but not before the chain is so many autocorrelation times long
r_hat = 0.0              # nor with a larger split R-hat (0: any)
look_every = 100         # kept steps between two looks at the chain at least, or a quarter of it
moves = { stretch = 1.0, differential = 0.0, snooker = 0.0, scale = 2.0 }   # weights; the scale of stretch moves
start = "prior"          # "prior" | "maximum" | { around = { sma1 = 10.0 }, spread = 1e-3 }

# kind = "tempering"
temperatures = 16        # the last is the prior
ladder = "adaptive"      # "adaptive" (during the burn-in) | "fixed" | inverse temperatures from 1.0 to 0.0
"#;

/// A sampler and its settings: `[method]` of a parameter file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Table", into = "Table")]
pub enum Method {
    /// The maximum of the posterior.
    Maximum(MaximumSettings),
    /// A grid over some parameters.
    Grid(GridSettings),
    /// An affine-invariant ensemble.
    Ensemble(EnsembleSettings),
    /// An ensemble at several temperatures.
    Tempering(EnsembleSettings),
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
            "maximum" => settings_of(settings).map(Method::Maximum),
            "grid" => settings_of(settings).map(Method::Grid),
            "ensemble" => match OF_TEMPERING.iter().find(|key| settings.contains_key(**key)) {
                Some(key) => Err(Error::input(format!("method.{key}"), "goes with kind = \"tempering\"")),
                None => settings_of(settings).map(Method::Ensemble),
            },
            "tempering" => {
                let known = EnsembleSettings::tempering().temperatures as i64;
                settings.entry("temperatures").or_insert(Value::Integer(known));
                settings_of(settings).map(Method::Tempering)
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

/// Settings of a sampler of one's own from the keys of its section `[method]`.
///
/// # Errors
/// An unknown key, a value of another type; the place names the key, as `method.walkers`.
pub fn settings_of<T: DeserializeOwned>(settings: Table) -> Result<T> {
    serde_path_to_error::deserialize(Value::Table(settings)).map_err(|error| {
        let (key, message) = (error.path().to_string(), error.inner().message().trim_end().to_owned());
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        match quoted.split_first() {
            Some((unknown, known)) if message.starts_with("unknown field") => {
                let inside = if key == "." || key == *unknown { String::new() } else { format!("{key}.") };
                let key =
                    if key.ends_with(&format!(".{unknown}")) { key.clone() } else { format!("{inside}{unknown}") };
                let reason = format!("there is no parameter `{unknown}` here{}", nearest_of(unknown, known));
                Error::input(format!("method.{key}"), reason)
            }
            _ if key == "." => Error::input("method", message),
            _ => Error::input(format!("method.{key}"), message),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Parameters;

    fn read(text: &str) -> std::result::Result<Method, String> {
        Method::from_table(&text.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_setting_of_a_parameter_file_is_told_with_its_line() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Config {
            method: Method,
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.toml");
        std::fs::write(&path, "[method]\nkind = \"ensemble\"\nwalkers = \"many\"\n").unwrap();
        let told = |words: &[String]| {
            Parameters::read(&path, words).unwrap().typed::<Config>(|_| true, &[]).unwrap_err().to_string()
        };
        assert!(told(&[]).starts_with("method.walkers (") && told(&[]).contains("run.toml, line 3): invalid type"));
        let word = told(&["method.walkers=32".into(), "method.thn=3".into()]);
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

    #[test]
    fn the_commented_defaults_are_the_defaults() {
        let part = |from: &str, to: &str| {
            let start = PARAMETERS.find(from).unwrap() + from.len();
            PARAMETERS[start..].split(to).next().unwrap().to_owned()
        };
        let ensemble = part("needed\n", "\n# kind");
        let Method::Ensemble(settings) = read(&format!("kind = \"ensemble\"\n{ensemble}")).unwrap() else { panic!() };
        assert_eq!(settings, EnsembleSettings::default());
        let tempering = part("# kind = \"tempering\"\n", "\n# kind");
        let Ok(Method::Tempering(settings)) = read(&format!("kind = \"tempering\"\n{tempering}")) else { panic!() };
        assert_eq!(settings, EnsembleSettings::tempering());
        let maximum = part("# kind = \"maximum\"\n", "\n# kind");
        let Ok(Method::Maximum(settings)) = read(&format!("kind = \"maximum\"\n{maximum}")) else { panic!() };
        assert_eq!(settings, MaximumSettings::default());
        assert!(matches!(
            read(&format!("kind = \"grid\"\n{}", part("# kind = \"grid\"\n", "\n# kind"))),
            Ok(Method::Grid(_))
        ));
    }

    /// Sections that can't be read, and what is told.
    const MISREAD: [(&str, &str); 10] = [
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
        ("kind = \"ensemble\"\nmoves = { strech = 1 }", "method.moves.strech"),
        ("kind = \"ensemble\"\nstart = \"priors\"", "method.start"),
        ("kind = \"grid\"", "method: missing field `axes`"),
    ];

    /// Sections whose settings can't be, with five parameters.
    const MISFIT: [(&str, &str); 18] = [
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
        ("kind = \"tempering\"\nladder = [1.0, 0.5]", "method.ladder"),
        ("kind = \"maximum\"\nstarts = 0", "method.starts: 0"),
        ("kind = \"maximum\"\nstarts_per_step = 0", "method.starts_per_step: 0"),
        ("kind = \"maximum\"\ndirections = 0", "method.directions: 0"),
        ("kind = \"grid\"\naxes = []", "method.axes"),
    ];

    #[test]
    fn wrong_settings_are_refused_with_their_key() {
        for (text, told) in MISREAD {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
        for (text, told) in MISFIT {
            let error = read(text).unwrap().check(Some(5)).unwrap_err().to_string();
            assert!(error.starts_with(told), "{text}: {error}");
        }
        let few = "kind = \"ensemble\"\nwalkers = 4\nmoves = { snooker = 1.0 }";
        assert!(read(few).unwrap().check(Some(1)).unwrap_err().to_string().contains("needs at least 6 walkers"));
    }
}
