//! Where the new crate gets Divisi from: a checkout, or the published crate.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use crate::{Error, Result};

/// A checkout of Divisi, or the published crate of this version.
pub(super) struct Source {
    checkout: Option<PathBuf>,
}

impl Source {
    /// The checkout in this folder; by default the one that this program was built from, if it is still there and is one.
    ///
    /// # Errors
    /// If the folder is given and holds no checkout.
    pub(super) fn find(given: Option<&Path>) -> Result<Self> {
        if let Some(path) = given {
            let refuse = || Error::input("--divisi", format!("{} is no checkout of Divisi", path.display()));
            let folder = fs::canonicalize(path).ok().filter(|folder| is_divisi(folder));
            return Ok(Source { checkout: Some(folder.ok_or_else(refuse)?) });
        }
        let built_from = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        // Cargo puts this file into published crates alone.
        let is_published = built_from.join("Cargo.toml.orig").exists();
        Ok(Source { checkout: Some(built_from).filter(|folder| is_divisi(folder) && !is_published) })
    }

    /// The published crate.
    #[cfg(test)]
    pub(super) fn published() -> Self {
        Source { checkout: None }
    }

    /// The line of Cargo.toml, with the HDF5 that this program was built with.
    pub(super) fn dependency(&self) -> String {
        let place = match &self.checkout {
            Some(folder) => format!("path = {:?}", folder.display().to_string()),
            None => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
        };
        let features = if cfg!(feature = "parallel-hdf5") {
            ""
        } else {
            r#", default-features = false, features = ["bundled-hdf5", "plot", "solvers", "compress"]"#
        };
        format!("divisi = {{ {place}{features} }}")
    }

    /// Where a reader finds Divisi.
    pub(super) fn home(&self) -> String {
        match &self.checkout {
            Some(folder) => folder.display().to_string(),
            None => "https://crates.io/crates/divisi".to_owned(),
        }
    }

    /// What whoever made a crate should know where it builds on no checkout.
    pub(super) fn note(&self) -> Option<String> {
        let version = env!("CARGO_PKG_VERSION");
        let note = || format!("it builds on the published divisi {version}; to build on a checkout: --divisi PATH");
        self.checkout.is_none().then(note)
    }

    /// How a shell is prepared for building.
    pub(super) fn environment(&self) -> String {
        match &self.checkout {
            Some(folder) => {
                format!(
                    " In each new shell say once\n\n    cd {} && . scripts/env.sh && cd -\n\nThen",
                    folder.display()
                )
            }
            None => " Set HDF5_DIR to the latter's folder where it isn't.".to_owned(),
        }
    }

    /// The lock file of the checkout.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub(super) fn lock(&self) -> Result<Option<String>> {
        let Some(path) = self.checkout.as_ref().map(|folder| folder.join("Cargo.lock")) else { return Ok(None) };
        if !path.exists() {
            return Ok(None);
        }
        fs::read_to_string(&path).map(Some).map_err(Error::io("read", &path))
    }
}

/// Whether the folder's Cargo.toml is that of Divisi.
fn is_divisi(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok().and_then(|text| text.parse::<Table>().ok());
    manifest.is_some_and(|manifest| {
        manifest.get("package").and_then(|package| package.get("name")?.as_str()) == Some("divisi")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_divisi_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let message = Source::find(Some(folder.path())).err().expect("an error").to_string();
        assert!(message.contains("is no checkout of Divisi"), "{message}");
        let own = Source::find(None).expect("this checkout");
        assert!(own.dependency().contains("path ="), "{}", own.dependency());
        assert!(own.lock().expect("readable").is_some_and(|lock| lock.contains("name = \"divisi\"")));
    }
}
