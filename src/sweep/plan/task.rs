//! `[task]`: a simulation, a command or a worker, and how a task's values reach it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value as Toml};

use crate::base::config::ParameterFile;
use crate::sweep::command::Output;
use crate::sweep::template::{Context, Template};
use crate::sweep::value::Value;
use crate::{Error, Result};

/// The worker that calls a Python function.
const FUNCTION: &str = include_str!("../worker/function.py");

/// `[task]` as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TaskSection {
    /// Parameter file of the simulation that a task is, relative to the plan. Parameters are keys of it, unless they are used in `set`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["run.toml"]))]
    pub simulation: Option<PathBuf>,
    /// Section whose keys the parameters are. Left out: they are keys of the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["initial.orbits"]))]
    pub section: Option<String>,
    /// Further keys of the simulation. Texts have places for values.
    #[serde(skip_serializing_if = "Table::is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    #[schemars(extend("examples" = [{ "run.seed": "{seed}", "initial.e": "{a}" }]))]
    pub set: Table,
    /// Columns of the last row of history.csv that are the result. Left out: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["energy"]]))]
    pub result: Vec<String>,
    /// Program for each task, and its words. With {name} of a parameter, {index}, {seed}, {attempt} and {folder}.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [["./model", "--a", "{a}", "{b:.3}"]]))]
    pub command: Option<Vec<String>>,
    /// What a command prints.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["number"]))]
    pub output: Option<Output>,
    /// Program for each rank, and its words. It gets its tasks line by line, as JSON. Or a Python function, "module:function", that gets parameters by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [["python3", "task.py"]]))]
    pub worker: Option<WorkerSetting>,
}

/// What a worker is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a list of words, or text such as \"module:function\"")]
pub(crate) enum WorkerSetting {
    /// A Python function, by the names of its module and its own.
    Function(String),
    /// A program and its words.
    Program(Vec<String>),
}

/// What a task is.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// A simulation of this program.
    Simulation(SimulationTask),
    /// Another program, run for each task.
    Command {
        /// Its words.
        words: Vec<Template>,
        /// What it prints.
        output: Output,
    },
    /// Another program, started once for all tasks of a rank.
    Worker {
        /// Its words.
        words: Vec<String>,
        /// The Python function that it is, if it is one.
        function: Option<String>,
    },
}

/// A simulation as a task.
#[derive(Clone, Debug)]
pub(crate) struct SimulationTask {
    file: PathBuf,
    table: Table,
    /// Parameters that are keys, by their number.
    keys: Vec<(usize, String)>,
    set: Vec<(String, Setting)>,
    section: Option<String>,
    result: Vec<String>,
}

/// What a key is set to.
#[derive(Clone, Debug)]
enum Setting {
    Fixed(Toml),
    Filled(Template),
    /// A list with places for values in it.
    List(Vec<Setting>),
}

impl Setting {
    fn read(key: &str, given: &Toml, names: &[String]) -> Result<Self> {
        Ok(match given {
            Toml::String(text) => {
                let template = Template::new(&format!("task.set.{key}"), text, names)?;
                match template.literal() {
                    Some(literal) => Setting::Fixed(Toml::String(literal.to_owned())),
                    None => Setting::Filled(template),
                }
            }
            Toml::Array(list) => {
                let list: Vec<_> = list.iter().map(|one| Setting::read(key, one, names)).collect::<Result<_>>()?;
                let is_fixed = list.iter().all(|one| matches!(one, Setting::Fixed(_)));
                if is_fixed { Setting::Fixed(given.clone()) } else { Setting::List(list) }
            }
            other => Setting::Fixed(other.clone()),
        })
    }

    /// The texts with places for values.
    fn templates(&self) -> Vec<&Template> {
        match self {
            Setting::Fixed(_) => Vec::new(),
            Setting::Filled(template) => vec![template],
            Setting::List(list) => list.iter().flat_map(Setting::templates).collect(),
        }
    }

    /// The value of a task, as on the command line.
    fn word(&self, point: &[Value], context: &Context) -> String {
        match self {
            Setting::Fixed(value) => value.to_string(),
            Setting::Filled(template) => match template.only_parameter() {
                Some(parameter) => toml_of(&point[parameter]),
                None => template.fill(point, context),
            },
            Setting::List(list) => {
                let words: Vec<String> = list.iter().map(|one| one.element(point, context)).collect();
                format!("[{}]", words.join(", "))
            }
        }
    }

    /// The value of a task within a list: a text that was filled is read as on the command line.
    fn element(&self, point: &[Value], context: &Context) -> String {
        match self {
            Setting::Filled(template) if template.only_parameter().is_none() => {
                toml_of(&Value::parse(&template.fill(point, context)))
            }
            other => other.word(point, context),
        }
    }

    /// As written in the plan.
    fn source(&self) -> String {
        match self {
            Setting::Fixed(value) => value.to_string(),
            Setting::Filled(template) => format!("{:?}", template.source()),
            Setting::List(list) => format!("[{}]", list.iter().map(Setting::source).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl TaskSection {
    pub(super) fn check(&self, folder: &Path, names: &[String]) -> Result<Work> {
        let simulation = self.simulation.is_some();
        let given =
            [("section", self.section.is_some()), ("set", !self.set.is_empty()), ("result", !self.result.is_empty())];
        for (key, given) in given {
            if given && !simulation {
                return Err(Error::input(format!("task.{key}"), "goes with task.simulation only"));
            }
        }
        if self.output.is_some() && self.command.is_none() {
            return Err(Error::input("task.output", "goes with task.command only"));
        }
        match (&self.simulation, &self.command, &self.worker) {
            (Some(file), None, None) => self.simulation(&folder.join(file), names).map(Work::Simulation),
            (None, Some(words), None) => self.command(words, names),
            (None, None, Some(WorkerSetting::Program(words))) => worker(words),
            (None, None, Some(WorkerSetting::Function(name))) => function(name),
            (None, None, None) => Err(Error::input("task", "give one of simulation, command and worker")),
            _ => Err(Error::input("task", "give only one of simulation, command and worker")),
        }
    }

    fn command(&self, words: &[String], names: &[String]) -> Result<Work> {
        let read = |word: &String| Template::new("task.command", word, names);
        check_first("task.command", words)?;
        let words = words.iter().map(read).collect::<Result<_>>()?;
        Ok(Work::Command { words, output: self.output.unwrap_or_default() })
    }

    fn simulation(&self, file: &Path, names: &[String]) -> Result<SimulationTask> {
        let parameters = ParameterFile::read(file, &[])?;
        if parameters.simulation()? == "sweep" {
            return Err(Error::input("task.simulation", format!("{} is a plan, not a simulation", file.display())));
        }
        let mut set = Vec::new();
        flatten("", &self.set, &mut |key, given| {
            set.push((key.to_owned(), Setting::read(key, given, names)?));
            Ok(())
        })?;
        let is_used = |parameter: usize| {
            set.iter().flat_map(|(_, setting)| setting.templates()).any(|template| template.uses(parameter))
        };
        let keys = (0..names.len()).filter(|&parameter| !is_used(parameter));
        let section = self.section.as_ref().map_or(String::new(), |section| format!("{section}."));
        let keys: Vec<_> = keys.map(|parameter| (parameter, format!("{section}{}", names[parameter]))).collect();
        check_keys(&keys, &set)?;
        check_result(&self.result, names)?;
        let table = parameters.typed(|_| true, &[])?;
        let section = self.section.clone();
        let result = self.result.clone();
        Ok(SimulationTask { file: file.to_owned(), table, keys, set, section, result })
    }
}

impl Work {
    /// All texts with places for values, each with its own place in the plan.
    pub(super) fn templates(&self) -> Box<dyn Iterator<Item = (String, &Template)> + '_> {
        match self {
            Work::Worker { .. } => Box::new(std::iter::empty()),
            Work::Command { words, .. } => Box::new(words.iter().map(|word| ("task.command".to_owned(), word))),
            Work::Simulation(task) => Box::new(task.set.iter().flat_map(|(key, setting)| {
                setting.templates().into_iter().map(move |template| (format!("task.set.{key}"), template))
            })),
        }
    }

    /// Whether the folder of its own has a place in the texts of a task.
    pub(crate) fn uses_folder(&self) -> bool {
        self.templates().any(|(_, template)| template.uses_folder())
    }

    /// Lines `key = value` that differ where tasks do.
    pub(super) fn describe(&self) -> Vec<String> {
        match self {
            Work::Command { words, output } => {
                let words = words.iter().map(Template::source);
                let lines = words.enumerate().map(|(i, word)| format!("task.command.{i} = {word:?}"));
                lines.chain([format!("task.output = {}", output.name())]).collect()
            }
            Work::Worker { function: Some(name), .. } => vec![format!("task.worker = {name:?}")],
            Work::Worker { words, function: None } => {
                words.iter().enumerate().map(|(i, word)| format!("task.worker.{i} = {word:?}")).collect()
            }
            Work::Simulation(task) => task.describe(),
        }
    }
}

impl SimulationTask {
    /// The parameter file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The columns of the last row of history.csv that are the result; none for all.
    pub(crate) fn result(&self) -> &[String] {
        &self.result
    }

    /// The parameters whose values alone are a key's, with that key.
    pub(super) fn keys_of_parameters(&self) -> impl Iterator<Item = (usize, &str)> {
        let whole = self.set.iter().filter_map(|(key, setting)| match setting {
            Setting::Filled(template) => Some((template.only_parameter()?, key.as_str())),
            _ => None,
        });
        self.keys.iter().map(|(parameter, key)| (*parameter, key.as_str())).chain(whole)
    }

    /// Whether a key's value follows from the task.
    pub(super) fn is_filled(&self, key: &str) -> bool {
        self.keys.iter().any(|(_, known)| known == key)
            || self.set.iter().any(|(known, setting)| known == key && !matches!(setting, Setting::Fixed(_)))
    }

    /// The number that a key has in all tasks, by `set` or the parameter file.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        let set = self.set.iter().find_map(|(known, setting)| match setting {
            Setting::Fixed(value) if known == key => Some(value),
            _ => None,
        });
        let written = || {
            let (last, sections) = key.rsplit_once('.').map_or((key, ""), |(sections, last)| (last, sections));
            let inner = |table: &'_ Table, name: &str| table.get(name).and_then(Toml::as_table).cloned();
            let table = sections.split('.').try_fold(self.table.clone(), |table, name| inner(&table, name))?;
            table.get(last).cloned()
        };
        let value = set.cloned().or_else(written)?;
        value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
    }

    /// Gives a key this number in all tasks.
    pub(super) fn fix(&mut self, key: &str, number: f64) {
        self.set.push((key.to_owned(), Setting::Fixed(Toml::Float(number))));
    }

    /// The words `key=value` that make the parameter file that of a task.
    ///
    /// A parameter, alone or as all of a text in `set`, keeps its kind; other texts are read as on the command line.
    pub(crate) fn overrides(&self, point: &[Value], context: &Context) -> Vec<String> {
        let keys = self.keys.iter().map(|(parameter, key)| format!("{key}={}", toml_of(&point[*parameter])));
        let set = self.set.iter().map(|(key, setting)| format!("{key}={}", setting.word(point, context)));
        keys.chain(set).collect()
    }

    fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let infallible = flatten("", &self.table, &mut |key, value| {
            lines.push(format!("task.simulation.{key} = {value}"));
            Ok(())
        });
        debug_assert!(infallible.is_ok());
        lines.extend(self.set.iter().map(|(key, setting)| format!("task.set.{key} = {}", setting.source())));
        lines.sort();
        lines.extend(self.section.iter().map(|section| format!("task.section = {section:?}")));
        lines.push(format!("task.result = {:?}", self.result));
        lines.iter().map(|line| line.replace('\n', "\\n")).collect()
    }
}

fn worker(words: &[String]) -> Result<Work> {
    let place = "task.worker";
    check_first(place, words)?;
    let plain = |word: &String| {
        let literal = Template::new(place, word, &[])?.literal().map(str::to_owned);
        let reason = format!("`{word}`: a worker is started before its tasks are known and gets their values as JSON");
        literal.ok_or_else(|| Error::input(place, reason))
    };
    let words = words.iter().map(plain).collect::<Result<_>>()?;
    Ok(Work::Worker { words, function: None })
}

/// A Python function as a worker: a short program of ours calls it.
fn function(name: &str) -> Result<Work> {
    let is_word = |word: &str| {
        let mut signs = word.chars();
        signs.next().is_some_and(|sign| sign.is_alphabetic() || sign == '_')
            && signs.all(|sign| sign.is_alphanumeric() || sign == '_')
    };
    let are_words = |dotted: &str| dotted.split('.').all(is_word);
    match name.split_once(':') {
        Some((module, function)) if are_words(module) && are_words(function) => {
            let words = ["python3", "-c", FUNCTION, name].map(str::to_owned).to_vec();
            Ok(Work::Worker { words, function: Some(name.to_owned()) })
        }
        _ => {
            let reason = format!(
                "`{name}` is no Python function, as in \"module:function\"; a program is a list of words, as in [\"./model\"]"
            );
            Err(Error::input("task.worker", reason))
        }
    }
}

fn check_first(place: &str, words: &[String]) -> Result<()> {
    match words.first() {
        None => Err(Error::input(place, "is empty: it must name a program, as in [\"./model\", \"--fast\"]")),
        Some(first) if first.trim().is_empty() => Err(Error::input(place, "its first word, the program, is empty")),
        Some(_) => Ok(()),
    }
}

/// Calls `each` with the dotted key of every value that is no table.
fn flatten(section: &str, table: &Table, each: &mut dyn FnMut(&str, &Toml) -> Result<()>) -> Result<()> {
    for (key, value) in table {
        let key = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        match value {
            Toml::Table(inner) => flatten(&key, inner, each)?,
            value => each(&key, value)?,
        }
    }
    Ok(())
}

/// Refuses keys that cannot be, that choose another simulation, or that are given twice.
fn check_keys(keys: &[(usize, String)], set: &[(String, Setting)]) -> Result<()> {
    let all = keys.iter().map(|(_, key)| ("parameters", key)).chain(set.iter().map(|(key, _)| ("task.set", key)));
    for (place, key) in all {
        if key.contains('=') || key.split('.').any(|part| part.trim().is_empty()) {
            return Err(Error::input(place, format!("`{key}` is no key, such as \"gravity.softening\"")));
        }
        if key == "simulation" {
            return Err(Error::input(place, "`simulation` cannot be set: all tasks are of the same simulation"));
        }
    }
    match set.iter().find(|(key, _)| keys.iter().any(|(_, parameter)| parameter == key)) {
        Some((key, _)) => {
            Err(Error::input(format!("task.set.{key}"), "is a parameter too: it can have one value only"))
        }
        None => Ok(()),
    }
}

fn check_result(result: &[String], names: &[String]) -> Result<()> {
    for (i, column) in result.iter().enumerate() {
        let refuse = |reason: &str| Err(Error::input("task.result", format!("`{column}` {reason}")));
        if column.trim().is_empty() {
            return refuse("names no column");
        }
        if result[..i].contains(column) {
            return refuse("is named twice");
        }
        if names.contains(column) {
            return refuse("is a parameter, which is in the table of results anyway");
        }
    }
    Ok(())
}

/// The value as it is written in a parameter file.
fn toml_of(value: &Value) -> String {
    match value {
        Value::Text(text) => Toml::String(text.clone()).to_string(),
        // TOML has fewer spellings than files of points.
        other => other.unwritten().to_string(),
    }
}
