//! The problems of the lectures: what docs/tutorials/lectures.md tells a student to type is run, and gives on 1 to 4 ranks what it must.
//!
//! A command of the page that runs an example under mpirun is run by the test that asks [`on_page`] for it, on every number of
//! ranks; all other lines are run as they stand. Left out: the speeds that the page tells.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::common::{DIVISI, allow_here, example, finish, mpirun, root};
use crate::examples::{made_by_all, printed, printed_by_all};

/// Seconds after which a command is killed.
const LIMIT: u64 = 60;
/// What an example's command begins with, behind the number of ranks.
const EXAMPLES: &str = "target/release/examples/";

/// The lines of code on the page, without comments.
fn lines() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/tutorials/lectures.md")).expect("the page");
    let code = page.lines().filter_map(|line| line.strip_prefix("    "));
    code.filter_map(|line| line.split(" #").next()).map(|line| line.trim().to_owned()).collect()
}

/// The name and the words of an example that a line runs under mpirun.
fn example_of(line: &str) -> Option<(&str, Vec<&str>)> {
    let mut words = line.strip_prefix("mpirun -n ")?.split_whitespace().skip(1);
    Some((words.next()?.strip_prefix(EXAMPLES)?, words.collect()))
}

/// The words behind an example's name in its command on the page.
#[track_caller]
pub(crate) fn on_page(name: &str) -> Vec<String> {
    let lines = lines();
    let mut found = lines.iter().filter_map(|line| example_of(line)).filter(|(example, _)| *example == name);
    let (_, words) = found.next().unwrap_or_else(|| panic!("the page has no command for {name}"));
    assert!(found.next().is_none(), "the page has two commands for {name}");
    words.into_iter().map(str::to_owned).collect()
}

#[test]
fn each_example_of_the_page_is_run_by_a_test() {
    let tests = [include_str!("lectures.rs"), include_str!("examples.rs")].concat();
    let lines = lines();
    let names: BTreeSet<&str> = lines.iter().filter_map(|line| example_of(line)).map(|(name, _)| name).collect();
    assert!(names.len() > 15, "only {names:?}");
    let untested: Vec<_> = names.iter().filter(|name| !tests.contains(&format!("on_page(\"{name}\")"))).collect();
    assert!(untested.is_empty(), "no test here runs {untested:?}");
}

#[test]
fn all_other_commands_of_the_page_run_as_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let examples = format!("{}/", example("").parent().expect("a folder").join("examples").display());
    let lines = lines();
    let others: Vec<String> = lines.iter().filter(|line| example_of(line).is_none()).cloned().collect();
    assert!(others.len() > 3, "only {others:?}");
    let programs = Path::new(DIVISI).parent().expect("a folder").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").expect("a path"));
    let script = others.join("\n").replace(EXAMPLES, &examples);
    let mut shell = Command::new("sh");
    allow_here(&mut shell);
    shell.args(["-euxc", &script]).env("PATH", path).current_dir(folder.path());
    finish(&mut shell, 2 * LIMIT).expect(0);
}

/// The lines of a text that begin so.
fn lines_with<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(start)).collect()
}

#[test]
fn sines_by_threads_and_by_ranks_are_the_same() {
    let words = on_page("sine");
    let by = |threads: &str, ranks| printed("sine", &[threads.to_owned()], ranks);
    let sum = |printed: &str| printed.lines().next().map(str::to_owned);
    let alone = by("1", 1);
    assert!(alone.starts_with("2000003 sines, their sum 1"), "{alone}");
    for (threads, ranks) in [("3", 1), ("1", 2), ("2", 3), (&words[0], 4)] {
        assert_eq!(sum(&by(threads, ranks)), sum(&alone), "{threads} threads on each of {ranks} ranks");
    }
    finish(mpirun(2, example("sine")).arg("0"), LIMIT).expect(2).says("a number of threads");
}

#[test]
fn cubes_are_the_same_by_shares_by_map_and_by_a_pool() {
    assert!(printed_by_all("cubes", &on_page("cubes")).ends_with("6859], their sum 36100\n"));
}

#[test]
fn a_lazy_factorial_runs_what_is_asked_for_once() {
    let printed = printed_by_all("factorial", &on_page("factorial"));
    assert!(printed.contains("35 tasks are known, 0 have run\n5! = 120, 6 tasks have run\n"), "{printed}");
    assert!(printed.contains("34! = 295232799039604140847618609643520000000, by"), "{printed}");
}

#[test]
fn more_machines_make_coffee_sooner_until_the_students_are_the_bottleneck() {
    let (printed, files) = made_by_all("coffee", &on_page("coffee"));
    let faster = |line: &str| line.split("min, ").nth(1)?.split(' ').next()?.parse::<f64>().ok();
    let faster: Vec<f64> = printed.lines().filter_map(faster).collect();
    assert_eq!(faster.len(), 8, "{printed}");
    assert!((faster[1] - 2.0).abs() < 0.1 && faster[7] < 7.5, "{printed}");
    for name in ["one_machine.png", "three_machines.png"] {
        assert!(files.iter().any(|(path, _)| path.ends_with(name)), "no {name}");
    }
}

#[test]
fn lines_are_in_order_in_turns_and_without_a_lock() {
    let printed = printed_by_all("ordered_print", &on_page("ordered_print"));
    assert_eq!(printed.lines().count(), 12);
    assert!(printed.ends_with("item 11: 12 squared is 144\n"), "{printed}");
}

#[test]
fn what_is_waited_for_at_once_comes_to_the_same() {
    let words = on_page("overlap");
    for ranks in [1, 2, 3, 4] {
        let printed = printed("overlap", &words, ranks);
        let found = lines_with(&printed, "the answers add up to 506; 397550 pairs are near each other");
        assert_eq!(found.len(), 1, "{printed}");
    }
}

#[test]
fn sources_are_measured_and_a_bad_image_is_reported() {
    let (printed, files) = made_by_all("images", &on_page("images"));
    assert_eq!(printed.lines().filter(|line| line.contains(": 16 sources, ")).count(), 10, "{printed}");
    assert_eq!(lines_with(&printed, "not measured: runs/images/image-04.fits: ").len(), 1, "{printed}");
    assert!(files.iter().any(|(path, _)| path.ends_with("sources.png")), "no picture");
}

#[test]
fn a_thousand_files_are_converted_and_the_bad_ones_are_reported() {
    let (printed, files) = made_by_all("convert", &on_page("convert"));
    assert!(printed.ends_with("996 of 1000 files converted, 4 reported\n"), "{printed}");
    assert!(printed.starts_with("runs/convert/raw/057.csv: line 3: magnitude is no number: bright\n"), "{printed}");
    let count = |ending: &str| files.iter().filter(|(path, _)| path.extension().is_some_and(|is| is == ending)).count();
    assert_eq!([count("csv"), count("fits"), count("h5")], [900, 100, 997]);
}

#[test]
fn seasonal_means_are_those_that_the_field_was_made_with() {
    let (printed, files) = made_by_all("seasons", &on_page("seasons"));
    assert_eq!(printed.lines().count(), 4);
    for name in ["field.nc", "seasons.nc", "summer.png"] {
        assert!(files.iter().any(|(path, _)| path.ends_with(name)), "no {name}");
    }
}
