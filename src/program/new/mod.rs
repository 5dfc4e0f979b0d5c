//! `divisi new`: a crate for a simulation or a sweep of one's own, which builds and passes its test as it is made.
//!
//! Its code and its parameters are those of an example, under the new name; what stands around them is in `template`, where
//! `crate_name` stands for the name. Nothing is made unless all of it can be.

mod name;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::base::console::print;
use crate::{Error, Result};
use name::check_name;
use source::Source;

/// What `divisi new` takes.
#[derive(Debug, Args)]
pub(super) struct NewArguments {
    /// The crate's name, and that of its folder, which it makes here
    pub name: String,
    #[command(flatten)]
    pub kind: KindArguments,
    /// A checkout of Divisi to build on [default: the one that this program was built from, or the published crate]
    #[arg(long, value_name = "PATH")]
    pub divisi: Option<PathBuf>,
}

/// Which of the kinds: exactly one.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct KindArguments {
    /// A simulation on a grid: heat conduction, to begin with
    #[arg(long)]
    pub grid: bool,
    /// A simulation of particles: masses on springs, to begin with
    #[arg(long)]
    pub particles: bool,
    /// A sweep of independent tasks: periods of a pendulum, to begin with
    #[arg(long)]
    pub sweep: bool,
}

/// What a crate of a kind begins with.
struct Kind {
    code: &'static str,
    parameters: &'static str,
    /// What the example says and the crate doesn't; `crate_name` is put in.
    renamed: &'static [(&'static str, &'static str)],
    /// Crates beside Divisi that the code uses.
    dependencies: &'static [&'static str],
    test: &'static str,
    job: &'static str,
    readme: &'static str,
}

const SERDE: &str = r#"serde = { version = "1", features = ["derive"] }"#;
const SCHEMARS: &str = r#"schemars = "1""#;
const LIBM: &str = r#"libm = "0.2""#;
const BYTEMUCK: &str = r#"bytemuck = { version = "1", features = ["derive"] }"#;

const GRID: Kind = Kind {
    code: include_str!("../../../examples/heat.rs"),
    parameters: include_str!("../../../examples/heat.toml"),
    renamed: &[
        ("NAME: &'static str = \"heat\"", "NAME: &'static str = \"crate_name\""),
        ("simulation = \"heat\"", "simulation = \"crate_name\""),
        ("[heat]", "[crate_name]"),
    ],
    dependencies: &[LIBM, SCHEMARS, SERDE],
    test: include_str!("template/simulation.rs"),
    job: include_str!("template/simulation.sbatch"),
    readme: include_str!("template/simulation.readme"),
};

const PARTICLES: Kind = Kind {
    code: include_str!("../../../examples/springs.rs"),
    parameters: include_str!("../../../examples/springs.toml"),
    renamed: &[
        ("NAME: &'static str = \"springs\"", "NAME: &'static str = \"crate_name\""),
        ("\"springs.dt\"", "\"crate_name.dt\""),
        ("simulation = \"springs\"", "simulation = \"crate_name\""),
        ("[springs]", "[crate_name]"),
    ],
    dependencies: &[BYTEMUCK, SCHEMARS, SERDE],
    ..GRID
};

const SWEEP: Kind = Kind {
    code: include_str!("../../../examples/pendulum.rs"),
    parameters: include_str!("../../../examples/pendulum.toml"),
    renamed: &[
        ("target/release/examples/pendulum", "target/release/crate_name"),
        ("examples/pendulum.toml runs/pendulum", "crate_name.toml runs/crate_name"),
    ],
    dependencies: &[LIBM, SERDE],
    test: include_str!("template/sweep.rs"),
    job: include_str!("template/sweep.sbatch"),
    readme: include_str!("template/sweep.readme"),
};

/// Makes the crate, and prints what to do with it.
pub(super) fn make(arguments: &NewArguments) -> Result<()> {
    let NewArguments { name, kind, divisi } = arguments;
    check_name(name)?;
    let source = Source::find(divisi.as_deref())?;
    let folder = Path::new(name);
    if folder.exists() {
        return Err(Error::input(name.as_str(), "there is a file or a folder of this name already"));
    }
    for (path, text) in kind.chosen().files(name, &source)? {
        write(&folder.join(path), &text)?;
    }
    let note = source.note().map_or(String::new(), |note| format!("{note}\n"));
    print(&format!("made the crate {name}; its README.md says how it is built and run\n{note}"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    fs::write(path, text).map_err(Error::io("write", path))
}

impl KindArguments {
    fn chosen(&self) -> Kind {
        match self {
            KindArguments { grid: true, .. } => GRID,
            KindArguments { particles: true, .. } => PARTICLES,
            _ => SWEEP,
        }
    }
}

impl Kind {
    /// All files of the crate, with their places in it.
    fn files(&self, name: &str, source: &Source) -> Result<Vec<(String, String)>> {
        let named = |text: &str| text.replace("crate_name", name);
        let lines = [&[&source.dependency()[..]], self.dependencies].concat().join("\n");
        let manifest = include_str!("template/manifest.toml").replace("dependency_lines", &lines);
        let readme = self.readme.replace("divisi_home", &source.home()).replace("env_lines", &source.environment());
        let mut files = vec![
            ("Cargo.toml".to_owned(), named(&manifest)),
            (".gitignore".to_owned(), include_str!("template/gitignore").to_owned()),
            ("rustfmt.toml".to_owned(), include_str!("../../../rustfmt.toml").to_owned()),
            ("README.md".to_owned(), named(&readme)),
            ("src/main.rs".to_owned(), named(&self.renamed(self.code))),
            (format!("{name}.toml"), named(&self.renamed(self.parameters))),
            ("tests/same_bits.rs".to_owned(), named(self.test)),
            ("job.sbatch".to_owned(), named(self.job)),
        ];
        // The versions of other crates that Divisi was tested with.
        files.extend(source.lock()?.map(|lock| ("Cargo.lock".to_owned(), lock)));
        Ok(files)
    }

    /// A text of the example with `crate_name` for the example's own name.
    fn renamed(&self, text: &str) -> String {
        self.renamed.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_say_what_is_renamed() {
        for kind in [GRID, PARTICLES, SWEEP] {
            for (from, _) in kind.renamed {
                assert!([kind.code, kind.parameters].iter().any(|text| text.contains(from)), "nothing says {from}");
            }
        }
    }

    #[test]
    fn a_crate_has_its_own_name_everywhere() {
        let source = Source::published();
        for kind in [GRID, PARTICLES, SWEEP] {
            let files = kind.files("my-own", &source).expect("the files");
            assert_eq!(files.len(), 8, "no lock file without a checkout");
            assert!(files.iter().any(|(path, _)| path == "my-own.toml"));
            for (path, text) in files {
                for left in ["crate_name", "dependency_lines", "divisi_home", "env_lines"] {
                    assert!(!text.contains(left), "{path} says {left}");
                }
            }
        }
    }

    #[test]
    fn a_manifest_names_what_the_code_uses() {
        for kind in [GRID, PARTICLES, SWEEP] {
            let files = kind.files("mine", &Source::published()).expect("the files");
            let manifest: toml::Table = files[0].1.parse().expect("TOML");
            assert_eq!(manifest["package"]["name"].as_str(), Some("mine"));
            let dependencies = manifest["dependencies"].as_table().expect("a table");
            assert!(dependencies.contains_key("divisi") && dependencies.contains_key("serde"));
            assert_eq!(dependencies.contains_key("libm"), kind.code.contains("libm::"));
            assert_eq!(dependencies.contains_key("bytemuck"), kind.code.contains("Pod"));
            assert_eq!(dependencies.contains_key("schemars"), kind.code.contains("JsonSchema"));
        }
    }
}
