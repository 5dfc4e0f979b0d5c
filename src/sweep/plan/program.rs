//! Finding the program that a task runs, before the first one runs.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::script;
use crate::{Error, Result};

/// Where the program `word`, given at `place`, is: with a `/` in it a path that starts at `folder`, else in a folder of
/// PATH.
///
/// # Errors
/// If it is nowhere, or no file that can be executed, or a script that nothing runs; names the places that were searched.
pub(crate) fn find_program(place: &str, word: &str, folder: &Path) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let runnable = |program: PathBuf| script::check(&program, &path, folder).map(|()| program);
    find_in(&path, word, folder).and_then(runnable).map_err(|reason| Error::input(place, reason))
}

fn find_in(path: &OsStr, word: &str, folder: &Path) -> std::result::Result<PathBuf, String> {
    let beside = folder.join(word);
    if word.contains('/') {
        return match std::fs::metadata(&beside) {
            _ if is_program(&beside) => std::path::absolute(&beside).map_err(|error| format!("`{word}`: {error}")),
            Ok(about) if about.is_file() => {
                Err(format!("{} is not executable: chmod +x makes it so", beside.display()))
            }
            Ok(_) => Err(format!("{} is not a file", beside.display())),
            Err(_) => Err(format!("there is no program {}; paths start at the plan's folder", beside.display())),
        };
    }
    let mut places = std::env::split_paths(path).filter(|place| place.is_absolute()).map(|place| place.join(word));
    places.find(|program| is_program(program)).ok_or_else(|| {
        let meant = if beside.is_file() { format!("; did you mean `./{word}`?") } else { String::new() };
        format!("there is no program `{word}` in the folders of PATH{meant}")
    })
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_path_or_from_the_plans_folder() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("model");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let told = |path: &Path, word: &str| find_in(path.as_os_str(), word, folder.path()).unwrap_err();
        let nowhere = Path::new("/nowhere");
        assert!(told(nowhere, "./model").contains("is not executable: chmod +x"));
        assert!(
            told(folder.path(), "model").contains("no program `model` in the folders of PATH; did you mean `./model`?")
        );
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find_in(nowhere.as_os_str(), "./model", folder.path()).unwrap(), program);
        assert_eq!(find_in(folder.path().as_os_str(), "model", nowhere).unwrap(), program);
        assert!(told(nowhere, "./other").contains("there is no program"));
        assert!(told(nowhere, "other").ends_with("in the folders of PATH"));
        assert!(told(nowhere, "./").contains("is not a file"));
    }

    #[test]
    fn a_program_that_is_missing_is_bad_input() {
        let error = find_program("task.command", "no-such-program-anywhere", Path::new(".")).unwrap_err();
        assert!(error.to_string().starts_with("task.command: there is no program `no-such-program-anywhere`"));
        assert_eq!(error.status(), 2);
        assert!(find_program("task.command", "sh", Path::new(".")).unwrap().is_absolute());
    }
}
