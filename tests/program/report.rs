//! The page of a run: of each kind of run it is one whole file below 5 MB, with what it promises; the same page served while the run is
//! at work answers those alone who know its token.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::{DIVISI, divisi, finish, mpirun, root};

const LIMIT: u64 = 120;
/// The most bytes of a page.
const MOST: usize = 5_000_000;

fn run(folder: &Path, file: &str, ranks: usize, words: &[&str]) -> PathBuf {
    let out = folder.join(Path::new(file).file_stem().unwrap());
    let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
    finish(command.arg("run").arg(root().join("sims").join(file)).args(words).arg("--out").arg(&out), LIMIT).expect(0);
    out
}

/// The page of a run, made anew.
fn page(run: &Path) -> String {
    finish(divisi().arg("report").arg(run), LIMIT).expect(0);
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.len() < MOST && page.trim_end().ends_with("</html>"), "{} bytes", page.len());
    for link in ["src=\"http", "href=\"http", "url(http", "@import", "<link rel=\"stylesheet\""] {
        assert!(!page.contains(link), "{link}");
    }
    page
}

fn has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} is missing");
    }
}

#[test]
fn every_kind_of_run_has_a_page_with_what_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let planets = run(folder.path(), "nbody/kepler.toml", 1, &["--steps", "40", "output.trajectory_steps=1"]);
    assert!(planets.join("report.html").is_file(), "made at the end of the run");
    has(&page(&planets), &["<canvas", "\"has_trails\": true", "energy error", "Bound by", "2 bodies"]);
    let words = ["--steps", "8", "initial.n=300", "output.every_steps=2"];
    let cluster = run(folder.path(), "nbody/plummer.toml", 3, &words);
    has(&page(&cluster), &["<canvas", "\"has_trails\": false", "rank 2", "300 bodies", "id=\"slider\""]);
    let tube = run(folder.path(), "fluid/sod.toml", 1, &["grid.cells=[50]", "output.every_time=0.05"]);
    has(&page(&tube), &["id=\"slider\"", "data-title=\"time 0.25\"", "Profiles"]);
    let words = ["grid.cells=[16,12]", "--steps", "4", "output.every_steps=2"];
    let gas = run(folder.path(), "fluid/blast.toml", 2, &words);
    has(&page(&gas), &["id=\"slider\"", "density over time", "mass drift", "Who sent how much to whom"]);
    let ledger: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(gas.join("ledger.json")).unwrap()).unwrap();
    // Both ranks of one machine exchange their halos through shared memory, twice a step and more.
    let pair = |from: u64, to: u64| {
        let list = |name: &str| ledger["sent"][name].as_array().unwrap().clone();
        let place = list("from").iter().zip(list("to")).position(|(one, other)| *one == from && other == to);
        place.map(|place| [&list("mails")[place], &list("mail_bytes")[place]].map(|number| number.as_u64().unwrap()))
    };
    let [there, back] = [pair(0, 1), pair(1, 0)].map(|pair| pair.expect("a pair that exchanges halos"));
    assert!(there == back && there[0] >= 8 && there[1] >= 8 * there[0], "{there:?} {back:?}");
    let sweep = run(folder.path(), "sweep/logistic.toml", 2, &["parameters.values.r={from=2.8,to=4.0,count=5}"]);
    assert!(sweep.join("report.html").is_file(), "made at the end of the sweep");
    has(&page(&sweep), &["Tasks", "10 done, 0 failed", "done, 0.", "results over r", "% was tasks"]);
    let tasks = fs::read_to_string(sweep.join("tasks.csv")).unwrap();
    let starts: Vec<f64> = tasks.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().parse().unwrap()).collect();
    assert!(
        starts.len() == 10 && starts.contains(&0.0) && starts.iter().all(|start| (0.0..60.0).contains(start)),
        "{tasks}"
    );
    finish(divisi().arg("report").arg(folder.path()), LIMIT).expect(2).says("holds no run");
}

/// A server under test, ended with the test.
struct Watched {
    child: Child,
    port: u16,
    query: String,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Watched {
    fn of(run: &Path) -> Self {
        let mut child = divisi().arg("watch").arg(run).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://127.0.0.1:").expect("an address on this machine");
        let (port, query) = address.split_once("/?").unwrap();
        Watched { port: port.parse().unwrap(), query: query.to_owned(), child }
    }

    /// The status and the body of an answer.
    fn ask(&self, method: &str, path: &str, host: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(LIMIT))).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn page(&self, path: &str) -> (u16, String) {
        self.ask("GET", &format!("{path}?{}", self.query), "127.0.0.1")
    }
}

#[test]
fn a_run_is_watched_by_those_alone_who_know_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), "nbody/kepler.toml", 1, &["--steps", "20", "output.trajectory_steps=1"]);
    let files = |run: &Path| -> Vec<String> {
        let entries = fs::read_dir(run).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<String> =
            entries.map(|entry| format!("{:?} {:?}", entry.path(), entry.metadata().unwrap().modified())).collect();
        names.sort();
        names
    };
    let before = files(&run);
    let watched = Watched::of(&run);
    let (status, page) = watched.page("/");
    assert!(status == 200 && page.contains("data-stamp=\"") && page.contains("<canvas"), "{status}");
    let (status, stamp) = watched.page("/stamp");
    assert!(status == 200 && page.contains(&format!("data-stamp=\"{stamp}\"")), "{status} {stamp}");
    let wrong = [
        watched.ask("GET", "/", "127.0.0.1").0,
        watched.ask("GET", "/?token=0", "127.0.0.1").0,
        watched.ask("GET", &format!("/?{}", watched.query), "evil.example").0,
        watched.ask("POST", &format!("/?{}", watched.query), "127.0.0.1").0,
        watched.page("/config.toml").0,
        watched.page("/../kepler/config.toml").0,
    ];
    assert_eq!(wrong, [403, 403, 403, 405, 404, 404]);
    assert_eq!(files(&run), before, "watching writes nothing");
    fs::write(run.join("run.log"), "something new\n").unwrap();
    assert_ne!(watched.page("/stamp").1, stamp);
    assert!(watched.page("/").1.contains("something new"));
    let port = watched.port.to_string();
    finish(divisi().arg("watch").arg(&run).args(["--serve", &port]), LIMIT).expect(2).says("--serve");
    finish(divisi().arg("watch").arg(folder.path()), LIMIT).expect(2);
}
