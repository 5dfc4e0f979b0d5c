//! Who may import whom: upper layers the lower ones, never the reverse; only one place knows MPI and one knows HDF5.
//!
//! Every source file is cut into words, comments and texts left out. Each path that starts at the crate's root, whether by
//! `crate::` or by enough of `super::`, is an edge between two modules, which the table of layers allows or not.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers, lowest first. Modules of the same layer may import each other where `Among::All` says so.
const LAYERS: [(&str, Among, &[&str]); 10] = [
    ("ground", Among::All, &["error", "console", "config", "clock", "partition", "random", "units", "lane"]),
    ("messages", Among::All, &["comm"]),
    ("data", Among::None, &["particles", "grid", "sweep", "output"]),
    ("running", Among::None, &["run"]),
    ("sampling", Among::None, &["sampler"]),
    ("solvers", Among::None, &["gravity", "fluid"]),
    ("fits", Among::None, &["orbit"]),
    ("studies", Among::None, &["study"]),
    ("figures", Among::None, &["plot"]),
    ("program", Among::None, &["program"]),
];

/// Crates that one module alone may name.
const KEPT: [(&str, &[&str]); 2] = [("comm", &["mpi", "mpi_sys"]), ("output", &["hdf5", "hdf5_sys"])];

/// Whether modules of a layer may import each other.
#[derive(Clone, Copy, PartialEq)]
enum Among {
    All,
    None,
}

/// A word or sign of a source file, with its line.
#[derive(Clone, Debug, PartialEq)]
struct Word<'a> {
    text: &'a str,
    line: usize,
}

/// The words of a source text: identifiers, `::` and single signs; comments, texts and characters are left out.
fn words(source: &str) -> Vec<Word<'_>> {
    let (mut found, mut rest, mut line) = (Vec::new(), source, 1);
    while let Some(first) = rest.chars().next() {
        let (length, is_word) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (block_comment(rest), false),
            '"' => (quoted(rest), false),
            'r' if raw_text(rest).is_some() => (raw_text(rest).unwrap_or(1), false),
            '\'' => (character(rest), false),
            ':' if rest.starts_with("::") => (2, true),
            c if is_part(c) => (rest.find(|c: char| !is_part(c)).unwrap_or(rest.len()), true),
            c => (c.len_utf8(), !c.is_whitespace()),
        };
        let (text, after) = rest.split_at(length);
        if is_word {
            found.push(Word { text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a comment `/* .. */`, which may hold others.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    for (place, _) in text.char_indices() {
        if text[place..].starts_with("/*") {
            depth += 1;
        } else if text[place..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return place + 2;
            }
        }
    }
    text.len()
}

/// The length of a text in quotes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(place, _)| place + 1)
}

/// The length of a text like `r#".."#`, if this is one.
fn raw_text(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|&c| c == '#').count();
    let start = 1 + hashes;
    if !text[start..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    Some(text[start + 1..].find(&end).map_or(text.len(), |place| start + 1 + place + end.len()))
}

/// The length of a character in quotes, or of the quote alone where it begins a lifetime.
fn character(text: &str) -> usize {
    let mut after = text.char_indices().skip(1);
    match (after.next(), after.next()) {
        (Some((_, '\\')), Some((escaped, _))) => text[escaped + 1..].find('\'').map_or(1, |end| escaped + 1 + end + 1),
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

/// The first names of all paths in what follows `crate::` or `super::`: one, or those of a group in braces.
fn first_names<'a>(words: &[Word<'a>]) -> Vec<Word<'a>> {
    let Some(first) = words.first() else { return Vec::new() };
    if first.text != "{" {
        return vec![first.clone()];
    }
    let (mut depth, mut names, mut expected) = (1, Vec::new(), true);
    for word in &words[1..] {
        match word.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => expected = true,
            _ if expected => {
                names.push(word.clone());
                expected = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// All names that a file takes from the crate's root. `depth` is the number of modules above the file's items.
fn root_names<'a>(words: &[Word<'a>], depth: usize) -> Vec<Word<'a>> {
    let (mut names, mut inner) = (Vec::new(), Vec::new());
    let text = |place: usize| words.get(place).map_or("", |word| word.text);
    for (place, word) in words.iter().enumerate() {
        match word.text {
            "{" => inner.push(place >= 2 && text(place - 2) == "mod"),
            "}" => drop(inner.pop()),
            "crate" if text(place + 1) == "::" => names.extend(first_names(&words[place + 2..])),
            "super" if place == 0 || text(place - 1) != "::" => {
                let climb = |pair: &&[Word]| pair.len() == 2 && pair[0].text == "super" && pair[1].text == "::";
                let climbs = words[place..].chunks(2).take_while(climb).count();
                if climbs > 0 && climbs == depth + inner.iter().filter(|&&is_module| is_module).count() {
                    names.extend(first_names(&words[(place + 2 * climbs).min(words.len())..]));
                }
            }
            _ => {}
        }
    }
    names
}

/// Which module every name at the crate's root comes from, from the text of lib.rs.
fn root_of(lib: &str) -> BTreeMap<String, String> {
    let words = words(lib);
    let mut modules = BTreeMap::new();
    for (place, word) in words.iter().enumerate() {
        if word.text == "mod" {
            modules.insert(words[place + 1].text.to_owned(), words[place + 1].text.to_owned());
        } else if word.text == "use" && words[place + 2].text == "::" {
            for name in first_names(&words[place + 3..]) {
                modules.insert(name.text.to_owned(), words[place + 1].text.to_owned());
            }
        }
    }
    modules
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, _, modules)| modules.contains(&module))
}

/// Why `from` must not import `to`; nothing if it may.
fn objection(from: &str, to: &str) -> Option<String> {
    let (Some(lower), Some(upper)) = (layer(from), layer(to)) else {
        let unknown = if layer(from).is_none() { from } else { to };
        return Some(format!("{unknown} is in no layer: name it in tests/layering.rs"));
    };
    let (name, among, _) = LAYERS[lower];
    let allowed = from == to || upper < lower || (upper == lower && among == Among::All);
    (!allowed).then(|| format!("{from} ({name}) imports {to} ({})", LAYERS[upper].0))
}

/// What is wrong with a file of the library; `path` is relative to src.
fn wrong_in_library(path: &str, source: &str, root: &BTreeMap<String, String>) -> Vec<String> {
    let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    let module = parts[0];
    let depth = parts.len() - usize::from(parts.last() == Some(&"mod"));
    let words = words(source);
    let edges = root_names(&words, depth).into_iter().filter_map(|name| {
        let to = root.get(name.text).map_or(name.text, String::as_str);
        objection(module, to).map(|reason| format!("src/{path}:{}: {reason}", name.line))
    });
    let said = said_elsewhere(&words, module).map(|line| format!("src/{path}:{line}: speaks past console::say"));
    edges
        .chain(said)
        .chain(crates_named(&words, module).map(|(line, what)| format!("src/{path}:{line}: {what}")))
        .collect()
}

/// Lines that write to standard error in pieces, which mix with those of other ranks.
fn said_elsewhere<'a>(words: &'a [Word<'a>], module: &'a str) -> impl Iterator<Item = usize> + 'a {
    let speaks = move |word: &&Word| ["eprint", "eprintln"].contains(&word.text) && module != "console";
    words.iter().filter(speaks).map(|word| word.line)
}

/// Crates that are named though they are kept for another module.
fn crates_named<'a>(words: &'a [Word<'a>], module: &'a str) -> impl Iterator<Item = (usize, String)> + 'a {
    let text = |place: usize| words.get(place).map_or("", |word| word.text);
    let keeper = |name: &str| KEPT.iter().find(|(_, crates)| crates.contains(&name)).map(|(keeper, _)| *keeper);
    words.iter().enumerate().filter_map(move |(place, word)| {
        let keeper = keeper(word.text).filter(|&keeper| keeper != module)?;
        let before = if place > 0 { text(place - 1) } else { "" };
        let is_crate = before != "::" && text(place + 1) == "::" || ["use", "crate"].contains(&before);
        is_crate.then(|| (word.line, format!("names the crate {}, which only {keeper} may", word.text)))
    })
}

/// What is wrong with a file outside the library.
fn wrong_outside(path: &str, source: &str) -> Vec<String> {
    let words = words(source);
    let named = crates_named(&words, "").map(|(line, what)| format!("{path}:{line}: {what}"));
    let copied = source.lines().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        (line.starts_with("#[path") || line.starts_with("include")) && line.contains("src/")
    });
    named.chain(copied.map(|(line, _)| format!("{path}:{}: takes in a file of src: use divisi::", line + 1))).collect()
}

/// Every source file below a folder, with its path relative to the folder and its text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut open = vec![folder.to_path_buf()];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(next) = open.pop() {
        for path in fs::read_dir(&next).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
            match path.is_dir() {
                true => open.push(path),
                false => found.extend(path.extension().is_some_and(|extension| extension == "rs").then_some(path)),
            }
        }
    }
    found.sort();
    let name = |path: &Path| path.strip_prefix(folder).expect("a path below").to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), fs::read_to_string(path).expect("a source file"))).collect()
}

fn library_root() -> BTreeMap<String, String> {
    root_of(&fs::read_to_string(common::root().join("src/lib.rs")).expect("lib.rs"))
}

#[test]
fn every_import_goes_down() {
    let root = library_root();
    let files = sources(&common::root().join("src"));
    assert!(files.len() > 50, "{} files", files.len());
    let library = files.iter().filter(|(path, _)| path != "lib.rs");
    let wrong: Vec<String> = library.flat_map(|(path, source)| wrong_in_library(path, source, &root)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn programs_examples_and_tests_use_public_items_only() {
    let mut wrong = Vec::new();
    for folder in ["sims", "examples", "tests"] {
        let files = sources(&common::root().join(folder));
        assert!(!files.is_empty(), "no files in {folder}");
        wrong.extend(files.iter().flat_map(|(path, source)| wrong_outside(&format!("{folder}/{path}"), source)));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_layer() {
    let root = library_root();
    let homeless: Vec<&String> = root.values().filter(|module| layer(module).is_none()).collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

/// The objections to a made-up file of the library.
fn objections(path: &str, source: &str) -> Vec<String> {
    let lib = "pub mod comm; pub mod run; pub use comm::Comm; pub use run::{Simulation, Row as Line};";
    wrong_in_library(path, source, &root_of(lib))
}

#[test]
fn forbidden_edges_are_found() {
    let forbidden = [
        ("output/x.rs", "use crate::run::Row;"),
        ("output/x.rs", "fn f() {\n crate::run::go() }"),
        ("output/x.rs", "use crate::{Comm, units::{A, B}, run::Row};"),
        ("output/x.rs", "use crate::{Comm, Simulation};"),
        ("output/x.rs", "use super::super::particles::Particles;"),
        ("output/mod.rs", "use super::particles::Particles;"),
        ("output/mod.rs", "mod tests { use super::super::particles::Particles; }"),
        ("units.rs", "use super::comm::Comm;"),
        ("units.rs", "use crate::Comm;"),
        ("run/x.rs", "use crate::gravity::kernel::Direct;"),
        ("plot/x.rs", "use crate::program::Program;"),
        ("new/mod.rs", "use crate::comm::Comm;"),
        ("output/x.rs", "fn f() { mpi::initialize() }"),
        ("output/x.rs", "use mpi as messages;"),
        ("comm/x.rs", "let file: hdf5::File = 'a';"),
        ("run/x.rs", "use hdf5_sys::h5d;"),
        ("run/x.rs", "fn f() { eprintln!(\"a\") }"),
    ];
    for (path, source) in forbidden {
        assert_eq!(objections(path, source).len(), 1, "{path}: {source}: {:?}", objections(path, source));
    }
    assert!(objections("output/x.rs", "\n\nuse crate::run::Row;")[0].starts_with("src/output/x.rs:3: output (data)"));
    assert_eq!(wrong_outside("sims/x.rs", "use mpi::traits::*;").len(), 1);
    assert_eq!(wrong_outside("tests/x.rs", "#[path = \"../src/clock.rs\"]\nmod clock;").len(), 1);
}

#[test]
fn allowed_edges_and_mere_words_are_not() {
    let allowed = [
        ("output/x.rs", "use crate::{Comm, clock::Clock}; use super::run; use super::super::comm::Comm;"),
        ("output/mod.rs", "mod tests { use super::particles; }"),
        ("config.rs", "use crate::error::Error; mod tests { use super::*; }"),
        ("run/x.rs", "use crate::output::Snapshot; use crate::Comm;"),
        ("program/x.rs", "use crate::{plot::figures, Simulation};"),
        ("comm/x.rs", "use mpi::traits::*; fn f() { mpi::initialize() }"),
        (
            "output/x.rs",
            "// mpi::initialize, crate::run\n/* crate::run /* */ mpi:: */ let a = \"crate::run \\\" mpi::\";",
        ),
        ("output/x.rs", "let a = r#\"crate::run \" mpi:: \"#; let mpi = b'\"'; let b = mpi.len(); '\\'' 'x: loop {}"),
    ];
    for (path, source) in allowed {
        assert!(objections(path, source).is_empty(), "{path}: {source}: {:?}", objections(path, source));
    }
    assert!(wrong_outside("sims/x.rs", "use divisi::comm::launch; let mpi = 1; // mpi::").is_empty());
}

#[test]
fn every_dependency_has_its_reason() {
    let read = |name: &str| fs::read_to_string(common::root().join(name)).expect("a file of the project");
    let (manifest, reasons) = (read("Cargo.toml"), read("docs/dependencies.md"));
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
