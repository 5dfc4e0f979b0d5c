//! `divisi check`: whether this machine, its MPI and a folder are fit for runs, finding by finding, each with what to do.
//!
//! Alone it looks at what needs no MPI ([`machine`], [`folder`]), then starts ranks of itself with each launcher that is there
//! ([`trial`]), under a time limit, so that a broken MPI is a finding and no end. As a rank it looks at what all ranks have
//! together ([`ranks`]): hosts, cores, memory, clocks, messages, files; rank 0 tells it.
//!
//! Left out: what a run needs (`divisi run --check`), and speeds of processors.

mod command;
mod finding;
mod folder;
mod machine;
mod memory;
mod messages;
mod ranks;
mod trial;

use std::process::ExitCode;

use serde_json::json;

use super::arguments::CheckArguments;
use super::json::print_json;
use crate::Result;
use crate::base::console::print;
use crate::comm::{is_rank, launch_unjoined, launcher_rank};
use finding::{Finding, Level};

/// Looks, and tells what was found; the exit status is 1 where something is wrong.
///
/// # Errors
/// When standard output takes no more.
pub(super) fn check(arguments: &CheckArguments) -> Result<ExitCode> {
    let is_first = launcher_rank() == 0;
    let mut told = Told { json: arguments.json, findings: Vec::new() };
    if is_first {
        // Before MPI is started, which may end this process.
        told.tell(machine::findings())?;
    }
    if is_rank() {
        return Ok(launch_unjoined(move |comm, joined| {
            let found = match &joined {
                Err(error) => vec![trial::not_joined(error)],
                Ok(()) => ranks::findings(comm, &arguments.folder),
            };
            let status = if is_first { told.tell(found).and_then(|()| told.end()) } else { Ok(0) };
            let status = comm.agree(status)?;
            Ok(if joined.is_ok() { comm.all_reduce_max(u64::from(status)) as u8 } else { 1 })
        }));
    }
    told.tell(folder::alone(&arguments.folder))?;
    let found = trial::findings(arguments, &told.findings);
    told.tell(found)?;
    told.end().map(ExitCode::from)
}

/// What was found so far; as text it is told at once, as JSON at the end.
struct Told {
    json: bool,
    findings: Vec<Finding>,
}

impl Told {
    fn tell(&mut self, found: Vec<Finding>) -> Result<()> {
        if !self.json {
            found.iter().try_for_each(|finding| print(&finding.to_string()))?;
        }
        self.findings.extend(found);
        Ok(())
    }

    /// Tells the sum; the exit status.
    fn end(&self) -> Result<u8> {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let [wrong, doubtful] = [Level::Wrong, Level::Doubtful].map(count);
        let status = u8::from(wrong > 0);
        if self.json {
            print_json(&json!({ "status": status, "findings": self.findings }))?;
        } else {
            let sum = match (wrong, doubtful) {
                (0, 0) => "all is fit for runs".to_owned(),
                (0, doubtful) => format!("fit for runs, {doubtful} to look at"),
                (wrong, doubtful) => format!("{wrong} wrong, {doubtful} to look at"),
            };
            print(&format!("{sum}\n"))?;
        }
        Ok(status)
    }
}
