//! The documentation names what exists: links and anchors, paths, commands with their options, targets of make; and the
//! pages that are made from the program are fresh (`DIVISI_WRITE_DOCS=1` makes them again).
//!
//! Left out: whether other code in the pages compiles than the examples that they show whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::common::{DIVISI, finish, root};

/// Seconds after which a command is killed.
const LIMIT: u64 = 120;
/// Where pages are looked for, and where the files are that pages name.
const FOLDERS: [&str; 9] = ["docs", "src", "sims", "examples", "tests", "benches", "scripts", "jobscripts", ".ci"];

/// A page: its path from the root, and its lines.
struct Page {
    path: PathBuf,
    text: String,
}

/// A line of a page, and whether it stands in a block of code.
struct Line<'a> {
    number: usize,
    text: &'a str,
    is_code: bool,
}

impl Page {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Page { path: path.to_path_buf(), text }
    }

    /// The lines of the page; those on what was before are left out, since they name what is no more.
    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = Vec::new();
        let mut is_fenced = false;
        let mut is_past = false;
        for (index, text) in self.text.lines().enumerate() {
            if text.starts_with("```") {
                is_fenced = !is_fenced;
            }
            if text.starts_with("## ") {
                is_past = text == "## What was renamed";
            }
            if !is_past {
                lines.push(Line { number: index + 1, text, is_code: is_fenced || text.starts_with("    ") });
            }
        }
        lines
    }

    /// Words in the code of the page, in blocks or between backticks, as lines with their numbers.
    fn code(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for line in self.lines() {
            if line.is_code {
                found.push((line.number, line.text.trim().to_owned()));
            } else {
                let spans = line.text.split('`').skip(1).step_by(2);
                found.extend(spans.map(|span| (line.number, span.to_owned())));
            }
        }
        found
    }

    /// The anchors of the page's headings, as forges make them.
    fn anchors(&self) -> BTreeSet<String> {
        let lines = self.lines();
        let headings = lines.iter().filter(|line| !line.is_code && line.text.starts_with('#'));
        headings.map(|line| anchor(line.text.trim_start_matches('#').trim())).collect()
    }
}

/// The anchor of a heading: lower case, blanks as hyphens, no other signs.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// All files of the folders that pages name, by their paths from the root.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    for entry in fs::read_dir(root()).expect("the root").flatten().filter(|entry| entry.path().is_file()) {
        found.push(PathBuf::from(entry.file_name()));
    }
    found
}

fn pages() -> Vec<Page> {
    let files = files();
    let pages = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.filter(|path| !path.ends_with("CHANGELOG.md")).map(|path| Page::read(path)).collect()
}

/// Fails with all complaints, if there are any.
#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            other => parts.push(other),
        }
    }
    parts
}

/// The targets of the links in a line.
fn links(line: &str) -> Vec<&str> {
    let starts = line.match_indices("](").map(|(at, _)| at + 2);
    starts.filter_map(|start| line[start..].split(')').next()).collect()
}

fn check_link(page: &Page, target: &str) -> Result<(), String> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let other = if path.is_empty() {
        page.path.clone()
    } else {
        normal(&page.path.parent().unwrap_or(Path::new("")).join(path))
    };
    if !root().join(&other).exists() {
        return Err(format!("{} doesn't exist", other.display()));
    }
    if !anchor.is_empty() && !Page::read(&other).anchors().contains(anchor) {
        return Err(format!("{} has no heading #{anchor}", other.display()));
    }
    Ok(())
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in pages() {
        for line in page.lines().iter().filter(|line| !line.is_code) {
            for target in links(line.text).into_iter().filter(|target| !target.contains("://")) {
                count += 1;
                if let Err(reason) = check_link(&page, target) {
                    complaints.push(format!("{}:{}: {reason}", page.path.display(), line.number));
                }
            }
        }
    }
    assert!(count > 100, "only {count} links were found");
    assert_none(&complaints);
}

/// Words of code that are paths of the repository: a file with a slash before it, or anything in one of its folders.
fn paths(code: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || "._-/*{}<>$~".contains(c);
    let words = code.split(|c| !is_part(c)).map(|word| word.trim_end_matches(['.', '/']));
    words.filter(|word| word.contains('/') && is_ours(word)).collect()
}

fn is_ours(word: &str) -> bool {
    let is_capital = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase());
    let is_placeholder = |part: &str| is_capital(part.split('.').next().unwrap_or_default()) && !part.ends_with(".md");
    let is_pattern = word.contains(['*', '{', '}', '<', '>', '$', '~']) || word.split('/').any(is_placeholder);
    let first = word.split('/').next().unwrap_or_default();
    let is_source = word.ends_with(".rs") || word.ends_with(".sbatch");
    let is_elsewhere = first.is_empty() || first.starts_with('.') && first != ".ci";
    !is_pattern && !is_elsewhere && (FOLDERS.contains(&first) || is_source)
}

#[test]
fn paths_that_pages_name_exist() {
    let files = files();
    let exists = |path: &str| root().join(path).exists() || files.iter().any(|file| file.ends_with(path));
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in pages() {
        for (number, code) in page.code() {
            for path in paths(&code) {
                count += 1;
                if !exists(path) && !is_made_by_a_crate(&page, path) {
                    complaints.push(format!("{}:{number}: {path} doesn't exist", page.path.display()));
                }
            }
        }
    }
    assert!(count > 100, "only {count} paths were found");
    assert_none(&complaints);
}

/// Files of a crate that a reader makes: pages name its src/main.rs.
fn is_made_by_a_crate(_page: &Page, path: &str) -> bool {
    path == "src/main.rs"
}

/// What `divisi` with these words prints.
fn printed(words: &[&str]) -> String {
    finish(Command::new(DIVISI).args(words), LIMIT).expect(0).stdout
}

/// The names of the program's commands, as its help lists them.
fn commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list of commands");
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The commands in a piece of code, without comments, each cut into words.
fn shell_commands(code: &str) -> Vec<Vec<String>> {
    let code = code.split(" #").next().unwrap_or_default();
    code.split(['|', ';', '&']).map(shell_words).filter(|words| !words.is_empty()).collect()
}

/// The commands `divisi X ...` in a piece of code, under any launcher: the words behind `divisi`.
fn divisi_calls(code: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    for words in shell_commands(code) {
        let Some(at) = words.iter().position(|word| word == "divisi" || word.ends_with("/divisi")) else { continue };
        if at + 1 < words.len() {
            calls.push(words[at + 1..].to_vec());
        }
    }
    calls
}

/// Words as a shell cuts them, for quotes without escapes.
fn shell_words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => words.last_mut().expect("a word").push(c),
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c.is_whitespace() => words.push(String::new()),
            None => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether this is a word of prose, as in `divisi::main` or `divisi = ..`.
fn is_a_call(words: &[String]) -> bool {
    let first = &words[0];
    first.starts_with('-') || first.chars().all(|c| c.is_ascii_lowercase())
}

#[test]
fn commands_and_options_that_pages_name_exist() {
    let helps: Vec<(String, String)> =
        commands().into_iter().map(|name| (name.clone(), printed(&[&name, "--help"]))).collect();
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in pages() {
        for (number, code) in page.code() {
            for words in divisi_calls(&code).into_iter().filter(|words| is_a_call(words)) {
                count += 1;
                if let Err(reason) = check_call(&words, &helps) {
                    complaints.push(format!("{}:{number}: {reason}", page.path.display()));
                }
            }
        }
    }
    assert!(count > 50, "only {count} commands were found");
    assert_none(&complaints);
}

fn check_call(words: &[String], helps: &[(String, String)]) -> Result<(), String> {
    let first = words[0].as_str();
    if matches!(first, "--help" | "--version") {
        return Ok(());
    }
    let Some((_, help)) = helps.iter().find(|(name, _)| name == first) else {
        return Err(format!("there is no `divisi {first}`"));
    };
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let name = option.split('=').next().unwrap_or_default();
        let is_listed = help.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == name);
        if !is_listed {
            return Err(format!("`divisi {first}` has no {name}"));
        }
    }
    Ok(())
}

#[test]
fn runs_that_pages_name_are_valid_input() {
    let mut complaints = Vec::new();
    let mut checked = BTreeSet::new();
    let folder = tempfile::tempdir().expect("a folder");
    for page in pages() {
        for (number, code) in page.code() {
            for words in divisi_calls(&code) {
                let is_ours = words.len() > 1 && words[0] == "run" && words[1].starts_with("sims/");
                if is_ours && !words[1].contains('*') && checked.insert(words.clone()) {
                    let out = folder.path().join(checked.len().to_string());
                    if let Err(reason) = check_run(&words, &out) {
                        complaints.push(format!("{}:{number}: {reason}", page.path.display()));
                    }
                }
            }
        }
    }
    assert!(checked.len() > 10, "only {} runs were found", checked.len());
    assert_none(&complaints);
}

/// Lets the program check the input of a run, into a folder that doesn't exist.
fn check_run(words: &[String], out: &Path) -> Result<(), String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut words_left = words.iter().map(String::as_str);
    while let Some(word) = words_left.next() {
        match word {
            "--out" => drop(words_left.next()),
            "--resume" | "--overwrite" | "--check" => {}
            other => kept.push(other),
        }
    }
    let mut command = Command::new(DIVISI);
    let ended = finish(command.current_dir(root()).args(kept).arg("--check").arg("--out").arg(out), LIMIT);
    if ended.status == Some(0) {
        Ok(())
    } else {
        Err(format!("divisi {}: {:?}, {}", words.join(" "), ended.status, ended.stderr.trim()))
    }
}

/// The words behind `before` in a piece of code.
fn words_after<'a>(code: &'a str, before: &str) -> Vec<&'a str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let ends = code.match_indices(before).map(|(at, _)| &code[at + before.len()..]);
    ends.map(|rest| rest.split(|c| !is_part(c)).next().unwrap_or_default()).filter(|word| !word.is_empty()).collect()
}

/// Complains about each word behind `before` in the code of all pages for which `exists` is false.
fn unknown(before: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for page in pages() {
        for (number, code) in page.code() {
            for word in words_after(&code, before).into_iter().filter(|word| !exists(word)) {
                complaints.push(format!("{}:{number}: {before}{word}: there is no such thing", page.path.display()));
            }
        }
    }
    complaints
}

/// Complains about each `make X` for which the Makefile has no target.
fn unknown_targets() -> Vec<String> {
    let makefile = read("Makefile");
    let is_target = |name: &str| makefile.lines().any(|line| line.starts_with(&format!("{name}:")));
    let mut complaints = Vec::new();
    for page in pages() {
        for (number, code) in page.code() {
            for words in shell_commands(&code).iter().filter(|words| words[0] == "make" && words.len() > 1) {
                if !is_target(&words[1]) {
                    complaints.push(format!("{}:{number}: make has no target {}", page.path.display(), words[1]));
                }
            }
        }
    }
    complaints
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn targets_tests_examples_and_benchmarks_that_pages_name_exist() {
    let exists = |path: String| root().join(path).exists();
    let is_test = |name: &str| exists(format!("tests/{name}.rs")) || exists(format!("tests/{name}/main.rs"));
    let is_example = |name: &str| exists(format!("examples/{name}.rs"));
    let sources: String =
        files().iter().filter(|path| path.starts_with("benches")).map(|path| read_lossy(path)).collect();
    let is_bench = |name: &str| sources.contains(&format!("\"{name}\""));
    let manifest = read("Cargo.toml");
    let is_feature = |name: &str| manifest.lines().any(|line| line.starts_with(&format!("{name} = [")));
    let mut complaints = unknown_targets();
    complaints.extend(unknown("--test ", is_test));
    complaints.extend(unknown("release/examples/", is_example));
    complaints.extend(unknown("ONLY=", |name| name == "name" || is_bench(name)));
    complaints.extend(unknown("--features ", is_feature));
    assert_none(&complaints);
}

fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(root().join(path)).expect("a file")).into_owned()
}

/// Holds the part of a page between `<!-- NAME -->` and `<!-- /NAME -->` against what the program says now, or writes it.
#[track_caller]
fn assert_fresh(page: &str, name: &str, made: &str) {
    let text = read(page);
    let opening = format!("<!-- {name} -->\n");
    let closing = format!("<!-- /{name} -->");
    let start = text.find(&opening).unwrap_or_else(|| panic!("{page} has no {opening}")) + opening.len();
    let length = text[start..].find(&closing).unwrap_or_else(|| panic!("{page} has no {closing}"));
    let made = format!("\n{}\n\n", made.trim());
    if std::env::var_os("DIVISI_WRITE_DOCS").is_some() {
        let whole = format!("{}{made}{}", &text[..start], &text[start + length..]);
        fs::write(root().join(page), whole).expect("the page can be written");
    } else {
        assert!(text[start..start + length] == made, "{page}: {name} is stale: DIVISI_WRITE_DOCS=1 makes it again");
    }
}

#[test]
fn every_example_is_on_the_page_of_examples() {
    let page = read("docs/howto/examples.md");
    let missing = files().into_iter().filter(|path| path.starts_with("examples") && !page.contains(&name_of(path)));
    assert_none(&missing.map(|path| path.display().to_string()).collect::<Vec<_>>());
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[test]
fn examples_that_pages_show_are_as_they_are() {
    let mut count = 0;
    for page in pages() {
        let markers = page.text.lines().filter_map(|line| line.strip_prefix("<!-- examples/")?.strip_suffix(" -->"));
        for example in markers {
            let name = format!("examples/{example}");
            let language = if example.ends_with(".rs") { "rust" } else { "toml" };
            assert_fresh(page.path.to_str().expect("UTF-8"), &name, &format!("```{language}\n{}```", read(&name)));
            count += 1;
        }
    }
    assert!(count > 0, "no page shows an example");
}

#[test]
fn the_page_of_commands_is_fresh() {
    let section = |title: &str, help: String| format!("## {title}\n\n```\n{}\n```\n", help.trim_end());
    let mut made = section("`divisi`", printed(&["--help"]));
    for name in commands() {
        made += &format!("\n{}", section(&format!("`divisi {name}`"), printed(&[&name, "--help"])));
    }
    assert_fresh("docs/reference/commands.md", "commands", &made);
}

/// Rows of the table of a run's files that a source file declares: name, result or record, and the comment above.
fn rows_of_files(source: &str) -> String {
    let source = read(source);
    let lines: Vec<&str> = source.lines().collect();
    let mut rows = String::new();
    for (comment, line) in lines.iter().zip(&lines[1..]).filter(|(_, line)| line.starts_with("pub(crate) const")) {
        for kind in ["result", "record"] {
            let call = format!("RunFile::{kind}(\"");
            let Some(name) = line.split(&call).nth(1).and_then(|rest| rest.split('"').next()) else { continue };
            rows += &format!("| `{name}` | {kind} | {} |\n", comment.trim_start_matches("/// ").trim_end_matches('.'));
        }
    }
    rows
}

#[test]
fn the_page_of_a_runs_files_is_fresh() {
    let table = |source| format!("| name | kind | |\n| --- | --- | --- |\n{}", rows_of_files(source));
    assert_fresh("docs/reference/run-folder.md", "files", &table("src/run/folder.rs"));
    assert_fresh("docs/reference/run-folder.md", "sweeps", &table("src/sweep/files.rs"));
}

#[test]
fn the_page_of_exit_statuses_is_fresh() {
    let help = printed(&["--help"]);
    let list = help.split("Exit statuses:\n").nth(1).expect("the help ends with exit statuses");
    let mut made = "| status | |\n| --- | --- |\n".to_owned();
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (status, meaning) = line.split_once(' ').expect("a status and its meaning");
        made += &format!("| {status} | {} |\n", meaning.trim());
    }
    assert_fresh("docs/reference/exit-statuses.md", "statuses", &made);
}
