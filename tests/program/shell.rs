//! Completions and man pages: each command and its options are in them.

use crate::common::{divisi, finish};

const LIMIT: u64 = 60;

#[test]
fn completions_of_each_shell_know_commands_and_options() {
    for shell in ["bash", "zsh", "fish"] {
        let script = finish(divisi().args(["completions", shell]), LIMIT).expect(0).stdout;
        for word in ["resume", "completions", "overwrite"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    finish(divisi().args(["completions", "nu"]), LIMIT).expect(2).says("bash");
}

#[test]
fn there_is_a_man_page_for_the_program_and_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man/man1");
    finish(divisi().arg("man").arg(&pages), LIMIT).expect(0);
    let read = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(read("divisi.1").contains("Exit statuses"));
    assert!(read("divisi-run.1").contains("overwrite"));
    for command in ["resume", "list", "submit", "status", "ls", "compare", "verify", "man", "completions"] {
        assert!(read(&format!("divisi-{command}.1")).starts_with(".ie"), "{command}");
    }
}
