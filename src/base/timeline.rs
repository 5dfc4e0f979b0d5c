//! What was done when, as tracks of spans side by side: a file of Chrome's trace events, which Perfetto (ui.perfetto.dev) and
//! chrome://tracing open.
//!
//! The format is described in "Trace Event Format" (Google 2016): an object with a list of events, of which `X` is a span with its start and
//! length in microseconds, and `M` names a track.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::Result;
use crate::base::whole::write_whole;

/// A span of one track.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub name: String,
    pub start: Duration,
    pub length: Duration,
}

/// The text of one track: its name, and its spans.
pub(crate) fn track(number: usize, name: &str, spans: &[Span]) -> String {
    let micros = |time: Duration| (time.as_secs_f64() * 1e9).round() / 1e3;
    let names = json!({"ph": "M", "name": "thread_name", "pid": 0, "tid": number, "args": {"name": name}});
    let order =
        json!({"ph": "M", "name": "thread_sort_index", "pid": 0, "tid": number, "args": {"sort_index": number}});
    let spans = spans.iter().map(|span| {
        json!({"ph": "X", "name": span.name, "pid": 0, "tid": number, "ts": micros(span.start), "dur": micros(span.length)})
    });
    let lines: Vec<String> = [names, order].into_iter().chain(spans).map(|event| event.to_string()).collect();
    lines.join(",\n")
}

/// Writes a file of tracks.
///
/// # Errors
/// If it can't be written.
pub(crate) fn write(path: &Path, tracks: &[String]) -> Result<()> {
    let text = format!("{{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n{}\n]}}\n", tracks.join(",\n"));
    write_whole(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_tracks_is_a_list_of_events() {
        let span = |name: &str, start, length| Span {
            name: name.to_owned(),
            start: Duration::from_nanos(start),
            length: Duration::from_nanos(length),
        };
        let tracks = [
            track(0, "rank 0", &[span("force", 1_500, 2_000), span("\"quoted\"", 4_000_000, 1)]),
            track(1, "rank 1 on h2", &[]),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.json");
        write(&path, &tracks).unwrap();
        let read: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let events = read["traceEvents"].as_array().unwrap();
        assert_eq!(events.len(), 6);
        assert_eq!(
            (&events[2]["name"], &events[2]["ts"], &events[2]["dur"]),
            (&json!("force"), &json!(1.5), &json!(2.0))
        );
        assert_eq!(events[3]["name"], "\"quoted\"");
        assert_eq!(events[4]["args"]["name"], "rank 1 on h2");
    }
}
