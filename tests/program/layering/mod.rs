//! Who may import whom: upper layers the lower ones, never the reverse, and files of a folder not in a circle; only one place
//! knows MPI and one knows HDF5.
//!
//! `imports.rs` reads every source file. Each path that it names in the crate is an edge between two files, and between the two
//! modules of the table of layers that they belong to.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use imports::{Library, Names, is_path_sign, is_sign, tokens, word};
use proc_macro2::TokenTree;

use crate::common::root;

/// The layers, lowest first. Modules of a layer don't import each other.
const LAYERS: [&[&str]; 14] = [
    &["base", "simd"],
    &["comm"],
    &["io"],
    &["grid", "particles", "tasks", "compress"],
    &["run"],
    &["sampler"],
    &["nbody", "fluid", "optics"],
    &["orbit"],
    &["sweep"],
    &["serve"],
    &["plot"],
    &["report"],
    &["program"],
    &["prelude"],
];
/// Modules that do without one below them.
const WITHOUT: [(&str, &str); 1] = [("tasks", "io")];
/// Crates that one module alone may name.
const KEPT: [(&str, &[&str]); 2] = [("comm", &["mpi", "mpi_sys"]), ("io", &["hdf5", "hdf5_sys"])];
/// The file that alone writes to standard error, where what is written in pieces mixes with what other ranks write, and to standard output,
/// where a macro panics if nobody reads.
const CONSOLE: [&str; 2] = ["base", "console"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// Why `from` must not import `to`; nothing if it may.
fn objection(from: &str, to: &str) -> Option<String> {
    let (Some(here), Some(there)) = (layer(from), layer(to)) else {
        let unknown = if layer(from).is_none() { from } else { to };
        return Some(format!("{unknown} is in no layer: name it in tests/program/layering"));
    };
    if from == to || there < here && !WITHOUT.contains(&(from, to)) {
        return None;
    }
    let place = if there > here {
        "lies above it"
    } else if there == here {
        "lies beside it"
    } else {
        "it must do without"
    };
    Some(format!("{from} imports {to}, which {place}"))
}

/// What is wrong with the imports of a library.
fn wrong_imports(library: &Library) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in library.modules().filter(|module| !module.is_empty()) {
        for (import, home) in library.imports(module) {
            let to = home.first().or(import.names.first()).cloned().unwrap_or_default();
            let objection = objection(&module[0], &to);
            wrong.extend(objection.map(|reason| format!("{}:{}: {reason}", module.join("/"), import.line)));
        }
    }
    wrong
}

/// Files of a library that need each other, each such circle in a line. A file and those in its folder may.
fn circles(library: &Library) -> Vec<String> {
    let needs = |module: &Names| -> BTreeSet<Names> {
        let imports = library.imports(module).filter(|(import, _)| !import.in_tests);
        let others =
            imports.map(|(_, home)| home).filter(|home| !home.starts_with(module) && !module.starts_with(home));
        others.collect()
    };
    let needs: BTreeMap<&Names, BTreeSet<Names>> = library.modules().map(|module| (module, needs(module))).collect();
    let reached = |from: &Names| {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&Names> = needs[from].iter().collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(&needs[next]);
            }
        }
        reached
    };
    let reached: BTreeMap<&Names, BTreeSet<&Names>> =
        library.modules().map(|module| (module, reached(module))).collect();
    let circle = |module: &Names| -> BTreeSet<String> {
        let back = reached[module].iter().filter(|other| reached[*other].contains(module));
        back.map(|other| other.join("/")).collect()
    };
    let circles: BTreeSet<BTreeSet<String>> =
        library.modules().map(circle).filter(|circle| !circle.is_empty()).collect();
    circles.into_iter().map(|circle| Vec::from_iter(circle).join(", ")).collect()
}

/// What a file names that it must not, though no import shows it; `module` is empty outside the library.
fn wrong_words(path: &str, source: &str, module: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    look_at(&tokens(path, source), module, &mut wrong);
    wrong.into_iter().map(|(line, what)| format!("{path}:{line}: {what}")).collect()
}

fn look_at(trees: &[TokenTree], module: &[String], wrong: &mut Vec<(usize, String)>) {
    let top = module.first().map_or("", String::as_str);
    for (place, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            look_at(&Vec::from_iter(group.stream()), module, wrong);
        }
        let name = word(Some(tree));
        let line = tree.span().start().line;
        let keeper = KEPT.iter().find(|(_, crates)| crates.contains(&name.as_str()));
        if let Some((keeper, _)) = keeper.filter(|(keeper, _)| *keeper != top)
            && is_crate(trees, place)
        {
            wrong.push((line, format!("names the crate {name}, which only {keeper} may")));
        }
        let speaks = |macros: [&str; 2]| macros.contains(&name.as_str()) && is_sign(trees.get(place + 1), '!');
        let is_ours = !module.is_empty() && module != CONSOLE;
        if is_ours && speaks(["eprint", "eprintln"]) {
            wrong.push((line, "speaks past console::say".to_owned()));
        }
        if is_ours && speaks(["print", "println"]) && !module.contains(&"tests".to_owned()) {
            wrong.push((line, "speaks past console::print".to_owned()));
        }
    }
}

/// Whether the name at a place is that of a crate: it begins a path, or stands after `use` or `crate`.
fn is_crate(trees: &[TokenTree], place: usize) -> bool {
    let is_start = is_path_sign(trees, place + 1) && !is_path_sign(trees, place.wrapping_sub(2));
    is_start || ["use", "crate"].contains(&word(trees.get(place.wrapping_sub(1))).as_str())
}

/// Lines by which a file outside the library takes in one of src.
fn copies(path: &str, source: &str) -> Vec<String> {
    let lines = source.lines().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        (line.starts_with("#[path") || line.starts_with("include")) && line.contains("src/")
    });
    lines.map(|(line, _)| format!("{path}:{}: takes in a file of src: use divisi::", line + 1)).collect()
}

/// Every source file below a folder, with its path from there and its text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut open = vec![folder.to_path_buf()];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(next) = open.pop() {
        for path in fs::read_dir(&next).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    let name = |path: &Path| path.strip_prefix(folder).expect("a path below").to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), fs::read_to_string(path).expect("a source file"))).collect()
}

fn library() -> Library {
    Library::read(&sources(&root().join("src")))
}

#[track_caller]
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_import_goes_down() {
    let library = library();
    assert!(library.modules().count() > 50, "{} files", library.modules().count());
    assert_none(&wrong_imports(&library));
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    assert_none(&circles(&library()));
}

#[test]
fn only_their_modules_name_mpi_hdf5_and_standard_error() {
    let files = sources(&root().join("src"));
    let wrong = files.iter().flat_map(|(path, source)| wrong_words(path, source, &imports::module(path)));
    assert_none(&Vec::from_iter(wrong));
}

#[test]
fn programs_examples_and_tests_use_public_items_only() {
    for folder in ["sims", "examples", "tests", "benches"] {
        let files = sources(&root().join(folder));
        assert!(!files.is_empty(), "no files in {folder}");
        for (path, source) in files {
            let path = format!("{folder}/{path}");
            assert_none(&[wrong_words(&path, &source, &[]), copies(&path, &source)].concat());
        }
    }
}

#[test]
fn every_module_has_a_layer() {
    let library = library();
    let homeless: Vec<&Names> =
        library.modules().filter(|names| names.first().is_some_and(|name| layer(name).is_none())).collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

/// A made-up library: all modules, and some files of them.
fn made_up(files: &[(&str, &str)]) -> Library {
    let lib = "pub mod comm; pub mod run; pub use comm::Comm; pub use run::{Simulation, Row as Line};";
    let empty = LAYERS.concat().into_iter().map(|module| (format!("{module}/mod.rs"), String::new()));
    let files = files.iter().map(|(path, source)| ((*path).to_owned(), (*source).to_owned()));
    // The last of two files of one path is taken.
    Library::read(&Vec::from_iter(empty.chain([("lib.rs".to_owned(), lib.to_owned())]).chain(files)))
}

/// The objections to a made-up file of the library.
fn objections(path: &str, source: &str) -> Vec<String> {
    [wrong_imports(&made_up(&[(path, source)])), wrong_words(path, source, &imports::module(path))].concat()
}

#[test]
fn forbidden_edges_are_found() {
    let forbidden = [
        ("io/x.rs", "use crate::run::Row;"),
        ("io/x.rs", "fn f() {\n crate::run::go() }"),
        ("io/x.rs", "fn f() { assert!(crate::run::go()) }"),
        ("io/x.rs", "use crate::{Comm, base::units::{A, B}, run::Row};"),
        ("io/x.rs", "use crate::{Comm, Simulation};"),
        ("io/x.rs", "use crate::Line;"),
        ("io/x.rs", "use super::super::particles::Particles;"),
        ("io/mod.rs", "use super::particles::Particles;"),
        ("io/mod.rs", "mod tests { use super::super::particles::Particles; }"),
        ("base/units.rs", "use super::super::comm::Comm;"),
        ("base/units.rs", "use crate::Comm;"),
        ("base/units.rs", "use crate::simd::Lanes;"),
        ("grid/x.rs", "use crate::particles::Particles;"),
        ("tasks/x.rs", "use crate::io::Reader;"),
        ("run/x.rs", "use crate::nbody::kernel::Direct;"),
        ("plot/x.rs", "use crate::program::Program;"),
        ("new/mod.rs", "use crate::comm::Comm;"),
        ("io/x.rs", "fn f() { mpi::initialize() }"),
        ("io/x.rs", "use mpi as messages;"),
        ("comm/x.rs", "fn f() { let file: hdf5::File = 'a'; }"),
        ("run/x.rs", "use hdf5_sys::h5d;"),
        ("run/x.rs", "fn f() { eprintln!(\"a\") }"),
        ("run/x.rs", "fn f() { println!(\"a\") }"),
    ];
    for (path, source) in forbidden {
        assert_eq!(objections(path, source).len(), 1, "{path}: {source}: {:?}", objections(path, source));
    }
    assert_eq!(objections("io/x.rs", "\n\nuse crate::run::Row;"), ["io/x:3: io imports run, which lies above it"]);
    assert_eq!(wrong_words("sims/x.rs", "use mpi::traits::*;", &[]).len(), 1);
    assert_eq!(copies("tests/x.rs", "#[path = \"../src/clock.rs\"]\nmod clock;").len(), 1);
}

#[test]
fn allowed_edges_and_mere_words_are_not() {
    let allowed = [
        ("io/x.rs", "use crate::{Comm, base::clock::Clock}; use super::run; use super::super::comm::Comm;"),
        ("io/mod.rs", "mod tests { use super::particles; }"),
        ("base/config.rs", "use crate::base::error::Error; mod tests { use super::*; }"),
        ("run/x.rs", "use crate::io::Snapshot; use crate::Comm;"),
        ("tasks/x.rs", "use crate::comm::Comm;"),
        ("program/x.rs", "use crate::{plot::figures, Simulation};"),
        ("comm/x.rs", "use mpi::traits::*; fn f() { mpi::initialize() }"),
        ("base/console.rs", "fn say() { eprintln!(\"a\") }"),
        ("nbody/kernel/tests.rs", "fn f() { println!(\"a\") }"),
        (
            "io/x.rs",
            "// mpi::initialize, crate::run\n/* crate::run /* */ mpi:: */ const A: &str = \"crate::run \\\" mpi::\";",
        ),
        (
            "io/x.rs",
            "fn f() { let a = r#\"crate::run \" mpi:: \"#; let mpi = b'\"'; let b = mpi.len(); '\\''; 'x: loop {} }",
        ),
    ];
    for (path, source) in allowed {
        assert!(objections(path, source).is_empty(), "{path}: {source}: {:?}", objections(path, source));
    }
    assert!(wrong_words("sims/x.rs", "use divisi::comm::launch; let mpi = 1; // mpi::", &[]).is_empty());
}

#[test]
fn circles_of_files_are_found() {
    let circle = |a: &str| {
        let io = "pub use a::A; pub use c::inner::C;";
        let files = [("io/mod.rs", io), ("io/a.rs", a), ("io/b.rs", "use super::A;"), ("io/c/mod.rs", "")];
        circles(&made_up(&[&files[..], &[("io/c/inner.rs", "use crate::io::b::B;")]].concat()))
    };
    assert_eq!(circle("use super::b::B;"), ["io/a, io/b"]);
    assert_eq!(circle("fn f() { vec![crate::io::C::new()] }"), ["io/a, io/b, io/c/inner"]);
    assert_eq!(circle("mod tests { use super::super::b::B; }"), [""; 0]);
    assert_eq!(circle("use super::D; use crate::comm::b;"), [""; 0]);
}

#[test]
fn every_dependency_has_its_reason() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("a file of the project");
    let manifest = read("Cargo.toml");
    let reasons = read("docs/explanation/dependencies.md");
    let section = |title: &str| {
        let after = manifest.split(title).nth(1).unwrap_or_else(|| panic!("no {title}"));
        let lines = after.lines().take_while(|line| !line.starts_with('['));
        lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let mut wanted = [section("\n[dependencies]\n"), section("\n[dev-dependencies]\n")].concat();
    let mut given: Vec<String> =
        reasons.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned())).collect();
    wanted.sort();
    given.sort();
    assert_eq!(wanted, given);
}
