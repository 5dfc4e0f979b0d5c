//! Files compressed and decompressed by two ranks, beside `zstd -T2` and `pigz -p2` with as many threads, from the start of the launcher
//! to its end.
//!
//! 200 MB as simulations leave them: half of it rows of a table, half doubles of a smooth field. Divisi syncs its file; the others don't.
//! Files are made in target/, or in the folder that DIVISI_BENCH_FOLDER names.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::common::{DIVISI, mpirun};
use super::{Figure, RUNS, median};

/// Bytes of the file.
const BYTES: usize = 200_000_000;

/// A format, and the program that writes it with two threads.
struct Kind {
    names: [&'static str; 2],
    format: &'static str,
    peer: &'static str,
    threads: &'static str,
    /// The peer's level, which is its default.
    level: &'static str,
}

const ZST: Kind =
    Kind { names: ["compress_zst", "decompress_zst"], format: "zst", peer: "zstd", threads: "-T2", level: "-3" };
const GZ: Kind =
    Kind { names: ["compress_gz", "decompress_gz"], format: "gz", peer: "pigz", threads: "-p2", level: "-6" };

/// `.zst` beside `zstd -3 -T2`, there and back.
pub(crate) fn zst() -> Vec<Figure> {
    ZST.in_turn()
}

/// `.gz` beside `pigz -6 -p2`, there and back.
pub(crate) fn gz() -> Vec<Figure> {
    GZ.in_turn()
}

impl Kind {
    fn in_turn(&self) -> Vec<Figure> {
        let place = std::env::var("DIVISI_BENCH_FOLDER").unwrap_or_else(|_| "target".into());
        let folder = tempfile::tempdir_in(place).expect("a folder");
        let input = folder.path().join("input");
        write_input(&input).expect("a file of 200 MB");
        let [ours, theirs, back] = ["ours", "theirs", "back"].map(|name| folder.path().join(name));
        let has_peer = Command::new(self.peer).arg("--version").output().is_ok();
        let mut rates: [Vec<f64>; 4] = Default::default();
        for _ in 0..RUNS {
            let words = ["compress", "--force", "--format", self.format];
            rates[0].push(rate(mpirun(2, DIVISI).args(words).arg(&input).arg("-o").arg(&ours)));
            rates[1].push(rate(mpirun(2, DIVISI).args(["decompress", "--force"]).arg(&ours).arg("-o").arg(&back)));
            if has_peer {
                rates[2].push(rate(self.tool(&theirs).args([self.level, self.threads, "-c"]).arg(&input)));
                rates[3].push(rate(self.tool(&back).args(["-d", self.threads, "-c"]).arg(&theirs)));
            }
        }
        let [size, peer_size] = [&ours, &theirs].map(|path| fs::metadata(path).map_or(0, |about| about.len()));
        let note = if has_peer {
            format!("{size} bytes, {:.4} times the other's {peer_size}", size as f64 / peer_size as f64)
        } else {
            format!("{size} bytes")
        };
        let [compress, decompress, peer, peer_back] = rates;
        vec![self.figure(0, compress, peer, &note), self.figure(1, decompress, peer_back, "")]
    }

    /// The other program, writing to a file.
    fn tool(&self, to: &Path) -> Command {
        let mut command = Command::new(self.peer);
        command.stdout(File::create(to).expect("a file"));
        command
    }

    fn figure(&self, which: usize, rates: Vec<f64>, peer: Vec<f64>, note: &str) -> Figure {
        let ratios: Vec<String> = rates.iter().zip(&peer).map(|(a, b)| format!("{:.2}", a / b)).collect();
        let way = if which == 0 { self.level } else { "-d" };
        Figure {
            name: self.names[which],
            value: median(rates),
            unit: "MB/s",
            command: format!("cargo bench --bench bench -- {}", self.names[0]),
            peer: format!("{} {way} {}", self.peer, self.threads),
            peer_value: (!peer.is_empty()).then(|| median(peer)),
            note: format!("two ranks; turn by turn {}; {note}", ratios.join(", ")),
        }
    }
}

/// MB of the input per second that a command takes.
fn rate(command: &mut Command) -> f64 {
    let began = Instant::now();
    let status = command.stderr(Stdio::null()).status().expect("a program");
    assert!(status.success(), "{command:?}: {status}");
    BYTES as f64 / 1e6 / began.elapsed().as_secs_f64()
}

/// Rows of a table in the first half, doubles in the second.
fn write_input(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut row = Vec::new();
    let mut written = 0;
    for step in 0u64.. {
        row.clear();
        let time = step as f64 * 1e-3;
        let energy = -0.25 * (1.0 + 1e-9 * noise());
        writeln!(row, "{step},{time:.6},{energy:.12e},{:.9e},{:.9e}", 0.5 * time.sin(), 0.5 * time.cos())?;
        if written + row.len() > BYTES / 2 {
            break;
        }
        file.write_all(&row)?;
        written += row.len();
    }
    let rest = BYTES - written;
    for cell in 0..rest.div_ceil(8) {
        let value = ((cell % 512) as f64 * 0.01).sin() + (1e-6 * noise() * 1e9).round() * 1e-9;
        file.write_all(&value.to_le_bytes()[..8.min(rest - 8 * cell)])?;
    }
    file.flush()
}
