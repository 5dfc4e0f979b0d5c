//! The page of a run at work, served to a browser on this machine.
//!
//! It is made anew when a file of the run has changed. What is served is read only, to this machine alone (127.0.0.1), and to those who know
//! the token that is drawn when the server starts; a request under another machine's name is refused too, so that no page of the network
//! can send a browser here. A cluster's login node is reached through `ssh -L`.
//!
//! Two addresses: `/` is the page, `/stamp` the mark that changes with the run's files, which the page asks for every two seconds.

use std::fs::Metadata;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use tiny_http::{Header, Method, Request, Response, Server, StatusCode};
use xxhash_rust::xxh3::Xxh3;

use super::page;
use crate::base::console::print;
use crate::run::RunFolder;
use crate::{Error, Result};

/// Headers of every answer: nothing is kept, nothing is loaded from elsewhere.
const HEADERS: [(&str, &str); 5] = [
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Allow", "GET, HEAD"),
];

/// Serves the page of a run until the process is ended; a port of 0 is any free one.
///
/// # Errors
/// A folder that holds no run, a port that is taken, no random numbers for the token.
pub(crate) fn watch(folder: RunFolder, port: u16) -> Result<()> {
    let mut pages = Pages::of(folder)?;
    let failed =
        |error: &dyn std::fmt::Display| Error::input("--serve", format!("cannot listen at 127.0.0.1:{port}: {error}"));
    let server = Server::http(("127.0.0.1", port)).map_err(|error| failed(&error))?;
    let address = server.server_addr();
    print(&format!("http://{address}/?token={}\n", pages.token))?;
    loop {
        let request = server.recv().map_err(|error| failed(&error))?;
        let answer = pages.answer(&Asked::of(&request));
        // A browser that has gone needs no answer.
        let _ = request.respond(answer.response());
    }
}

/// What was asked for.
#[derive(Clone, Debug)]
struct Asked {
    reads: bool,
    url: String,
    host: String,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let host = request.headers().iter().find(|header| header.field.equiv("Host"));
        Asked {
            reads: matches!(request.method(), Method::Get | Method::Head),
            url: request.url().to_owned(),
            host: host.map_or(String::new(), |header| header.value.to_string()),
        }
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
}

impl Answer {
    fn text(status: u16, body: impl Into<String>) -> Self {
        Answer { status, kind: "text/plain; charset=utf-8", body: body.into() }
    }

    fn response(self) -> Response<Cursor<Vec<u8>>> {
        let mut response = Response::from_data(self.body.into_bytes()).with_status_code(StatusCode(self.status));
        for (name, value) in HEADERS.into_iter().chain([("Content-Type", self.kind)]) {
            if let Ok(header) = Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        response
    }
}

/// The page, as it was made last.
struct Pages {
    folder: RunFolder,
    token: String,
    /// The mark of the run's files and the page that was made of them.
    made: Option<(String, String)>,
}

impl Pages {
    fn of(folder: RunFolder) -> Result<Self> {
        let folder = folder.existing()?;
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::System(format!("no random numbers for a token: {error}")))?;
        let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Pages { folder, token, made: None })
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        if !asked.reads {
            return Answer::text(405, "only reading is allowed\n");
        }
        if !is_here(&asked.host) {
            return Answer::text(403, "this is for 127.0.0.1 and localhost\n");
        }
        let (path, query) = asked.url.split_once('?').unwrap_or((&asked.url, ""));
        if !query.split('&').any(|pair| pair.strip_prefix("token=").is_some_and(|token| is_same(token, &self.token))) {
            return Answer::text(403, "this needs the token with which `divisi watch` has printed its address\n");
        }
        match path {
            "/stamp" => Answer::text(200, self.stamp()),
            "/" => self.page().unwrap_or_else(|error| Answer::text(500, format!("{error}\n"))),
            _ => Answer::text(404, "there are / and /stamp\n"),
        }
    }

    fn page(&mut self) -> Result<Answer> {
        let stamp = self.stamp();
        if self.made.as_ref().is_none_or(|(of, _)| *of != stamp) {
            let body = page(&self.folder, Some(&stamp))?;
            self.made = Some((stamp, body));
        }
        let body = self.made.as_ref().map_or(String::new(), |(_, body)| body.clone());
        Ok(Answer { status: 200, kind: "text/html; charset=utf-8", body })
    }

    /// A mark of the names, sizes and times of the run's files.
    fn stamp(&self) -> String {
        let root = self.folder.root();
        let mut files: Vec<PathBuf> = [root.to_path_buf(), self.folder.snapshots()]
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten())
            .map(|entry| entry.path())
            .collect();
        files.sort();
        let mut hash = Xxh3::new();
        for file in files {
            hash.update(file.as_os_str().as_encoded_bytes());
            hash.update(&file.metadata().map_or([0; 24], |about| mark(&about)));
        }
        format!("{:016x}", hash.digest())
    }
}

fn mark(about: &Metadata) -> [u8; 24] {
    let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&about.len().to_le_bytes());
    bytes[8..].copy_from_slice(&changed.as_nanos().to_le_bytes());
    bytes
}

/// Whether a request was sent to this machine by its own name.
fn is_here(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost"].contains(&name)
}

/// Whether two texts are the same, in a time that doesn't tell how much of them is.
fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(url: &str) -> Asked {
        Asked { reads: true, url: url.to_owned(), host: "localhost:8000".to_owned() }
    }

    #[test]
    fn only_who_knows_the_token_reads_and_nobody_writes() {
        let place = tempfile::tempdir().unwrap();
        let config = place.path().join("config.toml");
        std::fs::write(&config, "simulation = \"rod\"\n[made_by]\nid = \"one\"\n").unwrap();
        let mut pages = Pages::of(RunFolder::at(place.path())).unwrap();
        let with_token = |path: &str, token: &str| asked(&format!("{path}?token={token}"));
        let token = pages.token.clone();
        let page = pages.answer(&with_token("/", &token));
        assert!(page.status == 200 && page.body.contains("data-stamp=") && page.body.contains("rod"), "{page:?}");
        let stamp = pages.answer(&with_token("/stamp", &token));
        assert!(stamp.status == 200 && page.body.contains(&stamp.body), "{stamp:?}");
        let elsewhere = Asked { host: "evil.example:80".to_owned(), ..with_token("/", &token) };
        let writing = Asked { reads: false, ..with_token("/", &token) };
        let wrong = [
            (asked("/"), 403),
            (with_token("/", &token[1..]), 403),
            (with_token("/", &"0".repeat(32)), 403),
            (elsewhere, 403),
            (writing, 405),
            (with_token("/config.toml", &token), 404),
            (with_token("/../config.toml", &token), 404),
        ];
        for (asked, status) in wrong {
            let answer = pages.answer(&asked);
            assert!(answer.status == status && !answer.body.contains("rod"), "{asked:?}: {answer:?}");
        }
        std::fs::write(place.path().join("run.log"), "a line\n").unwrap();
        assert_ne!(pages.answer(&with_token("/stamp", &token)), stamp, "what changed is seen");
        assert!(pages.answer(&with_token("/", &token)).body.contains("a line"));
        assert!(Pages::of(RunFolder::at(place.path().join("none"))).is_err());
    }
}
