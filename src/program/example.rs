//! `divisi example`: writes parameter files that come with the program, which holds them, and what they read.
//!
//! What goes along with a parameter file is what its text names: data, the parameter file of a sweep's tasks, a script. All are put into the
//! current folder, whatever folders they had; names of files in the texts follow. A file that is there already with another content is
//! kept, and nothing is written.

use std::collections::BTreeMap;
use std::path::Path;

use super::arguments::ExampleArguments;
use crate::base::config::nearest_of;
use crate::base::console::print;
use crate::io::write_whole;
use crate::{Error, Result};

/// Files by their paths, folders between slashes, and what is in them.
pub(super) type Files = BTreeMap<&'static str, &'static [u8]>;

/// Lists the examples, or writes one.
pub(super) fn run(files: &Files, arguments: &ExampleArguments) -> Result<()> {
    if examples(files).next().is_none() {
        return Err(Error::input("example", "this program comes without parameter files"));
    }
    match &arguments.name {
        Some(name) if !arguments.list => {
            write(files, name, Path::new("")).and_then(|names| print(&(names.join("\n") + "\n")))
        }
        _ => print(&list(files)),
    }
}

/// The parameter files.
fn examples(files: &Files) -> impl Iterator<Item = &'static str> {
    files.keys().copied().filter(|path| path.ends_with(".toml"))
}

/// The name of a parameter file: its own, with its folder's where another one has the same.
fn name_of(files: &Files, path: &'static str) -> &'static str {
    let long = path.strip_suffix(".toml").unwrap_or(path);
    let short = file_of(long);
    let is_alone = examples(files).filter(|other| file_of(other) == file_of(path)).count() == 1;
    if is_alone { short } else { long }
}

/// The last part of a path.
fn file_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A line for each: its name, and the beginning of what its first comment says, without its source.
fn list(files: &Files) -> String {
    let names: Vec<(&str, &str)> = examples(files).map(|path| (name_of(files, path), path)).collect();
    let width = names.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, path): &(&str, &'static str)| {
        let text = String::from_utf8_lossy(files[path]);
        let about: Vec<&str> = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).collect();
        let about = about.join(" ");
        let end = [". ", "? ", " ("].iter().filter_map(|end| about.find(end)).min().unwrap_or(about.len());
        format!("{name:width$}  {}\n", about[..end].trim_end_matches(['.', ':']))
    };
    names.iter().map(line).collect()
}

/// Writes an example into a folder; returns the names of its files, the parameter file first.
fn write(files: &Files, name: &str, folder: &Path) -> Result<Vec<String>> {
    let wanted = name.strip_suffix(".toml").unwrap_or(name);
    let is_it =
        |path: &&'static str| [name_of(files, path), path.strip_suffix(".toml").unwrap_or(path)].contains(&wanted);
    let Some(path) = examples(files).find(is_it) else {
        let names: Vec<&str> = examples(files).map(|path| name_of(files, path)).collect();
        return Err(Error::input("example", format!("there is no `{wanted}`{}", nearest_of(wanted, &names))));
    };
    let together = with_named(files, path);
    let contents: Vec<(&str, Vec<u8>)> =
        together.iter().map(|path| (file_of(path), flattened(files, path, files[path]))).collect();
    for (file, bytes) in &contents {
        let place = folder.join(file);
        if place.symlink_metadata().is_ok() && std::fs::read(&place).ok().as_ref() != Some(bytes) {
            let reason = "is there already, with another content: it stays, and nothing was written";
            return Err(Error::input(place.display().to_string(), reason));
        }
    }
    for (file, bytes) in contents.iter().filter(|(file, _)| !folder.join(file).exists()) {
        write_whole(&folder.join(file), bytes)?;
    }
    Ok(contents.into_iter().map(|(file, _)| file.to_owned()).collect())
}

/// A parameter file and all that its text names, and what the texts of these name; of two files of one name that of the same folder.
fn with_named(files: &Files, first: &'static str) -> Vec<&'static str> {
    let mut found = vec![first];
    let mut next = 0;
    while let Some(&path) = found.get(next) {
        next += 1;
        let Ok(text) = std::str::from_utf8(files[path]) else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_here = |other: &&str| other.rsplit_once('/').is_some_and(|(above, _)| above == folder);
        let mut named: Vec<&'static str> = files.keys().copied().filter(|other| names(text, file_of(other))).collect();
        named.sort_by_key(|other| !is_here(other));
        for other in named {
            if !found.iter().any(|known| file_of(known) == file_of(other)) {
                found.push(other);
            }
        }
    }
    found
}

/// Whether a text names a file: not as part of a longer name.
fn names(text: &str, file: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || ['_', '-', '.'].contains(&letter);
    text.match_indices(file).any(|(at, _)| {
        let after = text[at + file.len()..].chars().next();
        !text[..at].ends_with(is_part) && !after.is_some_and(|letter| is_part(letter) && letter != '.')
    })
}

/// A text with the folders of its files taken away, as all lie in one.
fn flattened(files: &Files, path: &str, bytes: &[u8]) -> Vec<u8> {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| path.ends_with(".toml")) else { return bytes.to_vec() };
    let mut text = text.replace("../../runs/", "runs/");
    for folder in files.keys().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder) {
        text = text.replace(&format!("sims/{folder}/"), "").replace(&format!("../{folder}/"), "");
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let table: [(&str, &[u8]); 7] = [
            ("nbody/kepler.toml", b"# Two bodies. On an ellipse.\nsimulation = \"nbody\"\n"),
            (
                "nbody/planets.toml",
                b"# Planets: all.\n# divisi compare runs/planets sims/nbody/later.csv\nfile = \"planets.csv\"\n",
            ),
            ("nbody/planets.csv", b"x\n1\n"),
            ("nbody/later.csv", b"x\n2\n"),
            ("nbody/far_planets.csv", b"x\n3\n"),
            ("sweep/kepler.toml", b"simulation = \"two.toml\"\n"),
            (
                "sweep/two.toml",
                b"# A sweep\nsimulation = \"../nbody/planets.toml\"\nnot_a_name = \"\xc3\xa9planets.csvx\"\n",
            ),
        ];
        table.into_iter().collect()
    }

    #[test]
    fn an_example_is_written_with_all_that_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let names = write(&files(), "two", folder.path()).unwrap();
        assert_eq!(names, ["two.toml", "planets.toml", "later.csv", "planets.csv"]);
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text("two.toml").contains("simulation = \"planets.toml\""));
        assert!(text("planets.toml").contains("runs/planets later.csv\n"));
        assert_eq!(text("planets.csv"), "x\n1\n");
        // What is the same already stays; so does what isn't.
        write(&files(), "planets", folder.path()).unwrap();
        std::fs::write(folder.path().join("later.csv"), "mine").unwrap();
        std::fs::remove_file(folder.path().join("planets.csv")).unwrap();
        let error = write(&files(), "planets", folder.path()).unwrap_err();
        assert!(error.to_string().contains("later.csv: is there already") && error.status() == 2, "{error}");
        assert!(!folder.path().join("planets.csv").exists() && text("later.csv") == "mine");
    }

    #[test]
    fn examples_of_one_name_have_their_folders_and_others_are_named_by_themselves() {
        let told = list(&files());
        assert_eq!(
            told.lines().map(|line| line.split_whitespace().next().unwrap()).collect::<Vec<_>>(),
            ["nbody/kepler", "planets", "sweep/kepler", "two"]
        );
        assert!(told.contains("nbody/kepler  Two bodies\n") && told.contains("planets       Planets: all\n"), "{told}");
        let error = write(&files(), "kepler", Path::new("/nowhere")).unwrap_err().to_string();
        assert!(error.contains("there is no `kepler`"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(write(&files(), "nbody/kepler.toml", folder.path()).unwrap(), ["kepler.toml"]);
        assert_eq!(write(&files(), "nbody/planets", folder.path()).unwrap().len(), 3);
    }
}
