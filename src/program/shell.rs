//! What makes the program at home in a shell: completions, and man pages, both made from the command line's own description.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Arguments;
use crate::base::console::print_by;
use crate::{Error, Result};

/// Prints the script by which a shell completes commands and options.
pub(super) fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "divisi", &mut script);
    print_by(|out| out.write_all(&script))
}

/// Writes a page for the program and one for each of its commands, into a folder that it makes.
pub(super) fn man(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let mut command = Arguments::command();
    // The version tells of MPI and HDF5 on lines of their own: too long for the foot of a page.
    command = command.version(env!("CARGO_PKG_VERSION")).disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder).map_err(Error::io("write", folder))
}
