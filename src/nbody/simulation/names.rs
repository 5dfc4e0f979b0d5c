//! Which body is called what.

use crate::{Checkpoint, CheckpointReader, Result};

/// The names of few bodies, by id; empty where bodies are only numbered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names {
    ids: Vec<u64>,
    names: Vec<String>,
}

impl Names {
    /// Names in the order of the bodies.
    pub(super) fn new(named: impl IntoIterator<Item = (u64, String)>) -> Self {
        let (ids, names) = named.into_iter().filter(|(_, name)| !name.is_empty()).unzip();
        Names { ids, names }
    }

    /// Whether no body has a name.
    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The name of one body, or its number.
    pub(super) fn one(&self, id: u64) -> String {
        match self.ids.iter().position(|&known| known == id) {
            Some(place) => self.names[place].clone(),
            None => format!("body {id}"),
        }
    }

    /// The names of these bodies, or their numbers.
    pub(super) fn of(&self, ids: &[u64]) -> Vec<String> {
        ids.iter().map(|&id| self.one(id)).collect()
    }

    /// Writes the names. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.replicated_records("names.ids", &self.ids)?;
        to.replicated_records("names.text", self.names.join("\n").as_bytes())
    }

    /// The names that [`save`](Names::save) wrote.
    pub(super) fn load(from: &CheckpointReader) -> Result<Self> {
        let ids: Vec<u64> = from.replicated_records("names.ids")?;
        let text = from.replicated_records("names.text")?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let names = if ids.is_empty() { Vec::new() } else { text.split('\n').map(String::from).collect() };
        Ok(Names { ids, names })
    }
}
