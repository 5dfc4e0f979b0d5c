//! The page of made-up runs: what it says, and that it needs nothing else.

use super::*;
use crate::base::error::Cause;
use crate::tasks::journal::{Done, Failed, Journal, Lengths, Reason};

const CONFIG: &str = r#"simulation = "a < b"
[run]
steps = 3
[made_by]
id = "one"
program = "a < b of divisi"
command = "divisi run ab.toml"
simd = "avx2"
folder = "/"
"#;

fn run_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), CONFIG).unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
    folder
}

const LEDGER: &str = r#"{"ranks": 2, "steps": 3, "seconds": 3.0, "loop_seconds": 2.0, "rate": 8.1234e9, "rate_unit": "steps/s",
    "phases": [{"name": "halo", "seconds": [1.5, 2.5], "waited_seconds": [0.5, 0], "messages": [3, 4], "bytes": [1, 2]}]}"#;

#[test]
fn a_run_becomes_one_page_that_needs_nothing_else() {
    let history = "step,time,energy_error\n0,0,0\n1,1,1e-12\n2,2,-3e-12\n";
    let run = run_with(&[
        ("history.csv", history),
        ("ledger.json", LEDGER),
        ("run.log", "<script>alert(1)</script>\n"),
        ("outcome", "done\n"),
    ]);
    let folder = RunFolder::at(run.path());
    let page = std::fs::read_to_string(report(&folder).unwrap()).unwrap();
    for part in [
        "a &lt; b",
        "<svg",
        "8.123 Gsteps&#x2f;s",
        "Bound by computing",
        "<dd>one</dd>",
        "&lt;script&gt;alert",
        "energy error",
        "<i class=\"colour c0\"></i>halo",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let links = ["src=\"http", "href=\"http", "url(", "@import", "<link rel=\"stylesheet\"", "<?xml"];
    assert!(links.iter().all(|link| !page.contains(link)) && !page.contains("data-stamp=\""), "{page}");
    assert!(report(&RunFolder::at(run.path().join("nothing"))).is_err());
}

/// A row that is being written, a ledger that isn't whole, a posterior that is none.
#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_shown() {
    let history = "step,time,energy_error\n0,0,0\n1,1,1e-1";
    let files = [("history.csv", history), ("ledger.json", "{"), ("posterior.hdf5", "none"), ("run.log", "a line")];
    let run = run_with(&files);
    let page = page(&RunFolder::at(run.path()), Some("mark")).unwrap();
    for part in ["ledger.json", "posterior.hdf5", "a line", "energy error", "killed", "data-stamp=\"mark\""] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
}

/// From the journal, as a sweep at work has it: there is no table of tasks yet.
#[test]
fn a_sweep_has_its_tasks_on_a_line_of_time() {
    let run = run_with(&[]);
    let mut journal = Journal::create(&run.path().join("journal"), "tasks = 4").unwrap();
    for (first, rank, ended, seconds) in [(0, 0, 1003.0, 3.0), (1, 1, 1002.0, 1.0)] {
        let lengths = Lengths::Equal { count: 1, length: 0 };
        journal.done(&Done { first, rank, attempt: 1, seconds, ended, lengths, results: &[] }).unwrap();
    }
    let reason = Reason { cause: Cause::Error, message: "no".to_owned() };
    journal.failed(2, &Failed { attempts: 4, rank: 1, ended: 1004.0, reason }).unwrap();
    journal.flush().unwrap();
    let page = page(&RunFolder::at(run.path()), None).unwrap();
    for part in [
        "style=\"left:0.0%;width:75.0%\" title=\"task 0: done, 3.000 s\"",
        "style=\"left:25.0%;width:25.0%\" title=\"task 1: done, 1.000 s\"",
        "class=\"c2\" style=\"left:100.0%;width:0.0%\" title=\"task 2: failed",
        "<b>4.000 s</b>",
        "of the time of the ranks that had tasks 50 % was tasks",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
}

/// A ledger of three ranks, two of which share memory.
#[test]
fn who_sent_how_much_to_whom_is_a_table() {
    let sent = r#"{"ranks_per_group": 1, "from": [0, 1], "to": [2, 0], "messages": [3, 0], "bytes": [4096, 0], "mails": [0, 7],
        "mail_bytes": [0, 80]}"#;
    let ledger = LEDGER.replace("\"ranks\": 2", &format!("\"ranks\": 3, \"sent\": {sent}"));
    let run = run_with(&[("ledger.json", &ledger)]);
    let page = page(&RunFolder::at(run.path()), None).unwrap();
    for part in [
        "<caption>bytes</caption>",
        "title=\"from 0 to 2: 3 messages, 4096 bytes\" style=\"--d:0.95\">4096</td>",
        "title=\"from 1 to 0: 0 messages, 0 bytes; 7 times through shared memory, 80 bytes\" style=\"--d:0.12\">80</td>",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
}

#[test]
fn amounts_are_short() {
    assert_eq!([0.0, 12.0, 1.23456, 8.1234e9, 2.5e13].map(amount), ["0", "12", "1.235", "8.123 G", "25.00 T"]);
}
