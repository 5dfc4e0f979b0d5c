//! `divisi compress` and `divisi decompress`: the same bytes on any number of ranks, read by the standard tools; refusals, damage, ends.
//!
//! The tools are asked where they are installed (`scripts/setup.sh` sees to that for `make test`); where one isn't, that is printed.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{DIVISI, Ended, Signal, divisi, finish, kill_ranks, mpirun, signal, wait};

const LIMIT: u64 = 120;
/// Bytes of a block of each format, and of a member of gz.
const ZST: usize = 8 << 20;
const GZ: usize = 16 * MEMBER;
const MEMBER: usize = 1 << 18;

/// Bytes of which some repeat: rows of a table, with numbers that hardly ever do.
fn table(length: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(length + 64);
    let mut state = 1u64;
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(text, "{},{:.6},{}", text.len() / 32, (state >> 40) as f64 / 1e6, state >> 58).unwrap();
    }
    text.truncate(length);
    text
}

/// Bytes that nothing makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Nothing, a byte, a block of either format and one more, odd numbers of bytes in several blocks, what doesn't become smaller.
fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("byte", b"x".to_vec()),
        ("block_zst", table(ZST)),
        ("more_zst", table(ZST + 1)),
        ("block_gz", table(GZ)),
        ("odd", table(2 * ZST + 12_345)),
        ("noise", noise(GZ + 777)),
    ]
}

/// A folder with these files.
fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
    folder
}

/// The program with these words on so many ranks, in a folder.
fn run(ranks: usize, folder: &Path, words: &[&str]) -> Ended {
    let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
    finish(command.args(words).current_dir(folder), LIMIT)
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What a tool puts out for a file; nothing where there is no such tool.
fn by_tool(tool: &str, file: &Path) -> Option<Vec<u8>> {
    match Command::new(tool).args(["-d", "-c"]).stdin(fs::File::open(file).unwrap()).stderr(Stdio::inherit()).output() {
        Ok(output) => {
            assert!(output.status.success(), "{tool} -d {}: {:?}", file.display(), output.status);
            Some(output.stdout)
        }
        Err(_) => {
            println!("{tool} is not installed: nothing was asked of it");
            None
        }
    }
}

#[test]
fn files_are_the_same_on_any_number_of_ranks_and_every_tool_reads_them() {
    let inputs = inputs();
    for (format, tools) in [("zst", &["zstd"][..]), ("gz", &["gzip", "pigz", "bgzip"])] {
        let mut alone: Vec<Vec<u8>> = Vec::new();
        for ranks in [1, 2, 3, 4, 7] {
            let folder = folder(&inputs);
            let words =
                [&["compress", "--format", format][..], &inputs.iter().map(|(name, _)| *name).collect::<Vec<_>>()];
            run(ranks, folder.path(), &words.concat()).expect(0);
            let name = |name: &str| folder.path().join(format!("{name}.{format}"));
            let made: Vec<Vec<u8>> = inputs.iter().map(|(input, _)| fs::read(name(input)).unwrap()).collect();
            if ranks == 1 {
                for (input, bytes) in &inputs {
                    tools
                        .iter()
                        .filter_map(|tool| by_tool(tool, &name(input)))
                        .for_each(|read| assert!(read == *bytes, "{input}"));
                }
                alone = made;
            } else {
                for ((input, _), (made, alone)) in inputs.iter().zip(made.iter().zip(&alone)) {
                    assert!(made == alone, "{input}.{format} on {ranks} ranks");
                }
            }
            if [1, 3].contains(&ranks) {
                let words: Vec<String> = inputs.iter().map(|(input, _)| format!("{input}.{format}")).collect();
                let words: Vec<&str> =
                    ["decompress", "-f"].into_iter().chain(words.iter().map(String::as_str)).collect();
                inputs.iter().for_each(|(input, _)| fs::write(folder.path().join(input), "before").unwrap());
                run(ranks, folder.path(), &words).expect(0);
                for (input, bytes) in &inputs {
                    assert!(
                        fs::read(folder.path().join(input)).unwrap() == *bytes,
                        "{input}.{format} back on {ranks} ranks"
                    );
                }
                assert_eq!(names(folder.path()).len(), 2 * inputs.len());
            }
        }
    }
}

#[test]
fn files_of_other_programs_are_read() {
    let bytes = table(ZST + 99);
    for (tool, ending) in [("zstd", "zst"), ("gzip", "gz"), ("pigz", "gz"), ("bgzip", "gz")] {
        let folder = folder(&[("a", bytes.clone())]);
        let Ok(output) = Command::new(tool).arg("-c").stdin(fs::File::open(folder.path().join("a")).unwrap()).output()
        else {
            println!("{tool} is not installed: nothing was asked of it");
            continue;
        };
        // Twice one behind the other: the standards allow it.
        fs::write(folder.path().join(format!("b.{ending}")), output.stdout.repeat(2)).unwrap();
        run(if tool == "bgzip" { 2 } else { 1 }, folder.path(), &["decompress", &format!("b.{ending}")]).expect(0);
        assert!(fs::read(folder.path().join("b")).unwrap() == bytes.repeat(2), "{tool}");
    }
}

#[test]
fn standard_input_and_output_give_the_bytes_of_files() {
    let folder = folder(&[("a", table(ZST + 5))]);
    let shell = |line: &str| {
        let line = format!("set -o pipefail; {}", line.replace("divisi", DIVISI));
        finish(Command::new("bash").args(["-c", &line]).current_dir(folder.path()), LIMIT)
    };
    for format in ["zst", "gz"] {
        shell(&format!("divisi compress a --format {format}")).expect(0);
        shell(&format!("divisi compress - --format {format} <a >b && cmp a.{format} b")).expect(0);
        shell(&format!("cat a | divisi compress - --format {format} -o c.{format} && cmp a.{format} c.{format}"))
            .expect(0);
        shell(&format!("divisi compress a --format {format} -o - | divisi decompress - | cmp - a")).expect(0);
        shell(&format!("divisi decompress - -o d -f <a.{format} && cmp a d")).expect(0);
        // A reader that has what it wanted.
        shell(&format!("divisi decompress a.{format} -o - | head -c 10 >e")).expect(0);
        shell(&format!("head -c 1000 a.{format} | divisi decompress - >f")).expect(1).says("cut off");
    }
    shell("divisi decompress - </dev/null").expect(2).says("is empty");
    shell("divisi compress a -o - >/dev/full").expect(1).says("cannot write");
}

/// The mode of a file.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_file_has_the_mode_and_the_time_of_the_old_one() {
    let folder = folder(&[("a", table(1000))]);
    let [a, zst] = ["a", "a.zst"].map(|name| folder.path().join(name));
    fs::set_permissions(&a, fs::Permissions::from_mode(0o640)).unwrap();
    let time = fs::metadata(&a).unwrap().modified().unwrap() - Duration::from_secs(86400);
    fs::File::options().write(true).open(&a).unwrap().set_modified(time).unwrap();
    run(1, folder.path(), &["compress", "a"]).expect(0).says("a -> a.zst: 1.00 kB to");
    assert_eq!((mode(&zst), fs::metadata(&zst).unwrap().modified().unwrap()), (0o640, time));
    // A name that is longer than MPI-IO takes.
    let deep = ["d".repeat(120), "e".repeat(120)].concat();
    let deep: PathBuf = [&deep[..120], &deep[120..], "a.gz"].iter().collect();
    fs::create_dir_all(folder.path().join(&deep).parent().unwrap()).unwrap();
    run(2, folder.path(), &["compress", "a", "-o", deep.to_str().unwrap()]).expect(0);
    assert!(by_tool("gzip", &folder.path().join(&deep)).is_none_or(|read| read == table(1000)));
}

#[test]
fn what_can_not_be_done_is_refused_before_anything_is_written() {
    let folder = folder(&[
        ("a", table(1000)),
        ("b", table(10)),
        ("c.zst", b"no frame".to_vec()),
        ("d.gz", Vec::new()),
        ("e.txt", table(9)),
    ]);
    fs::create_dir(folder.path().join("f")).unwrap();
    std::os::unix::fs::symlink("a", folder.path().join("l")).unwrap();
    let before = names(folder.path());
    let cases: &[(&[&str], &str)] = &[
        (&["compress", "none"], "none: cannot be read"),
        (&["compress", "a", "none"], "none: cannot be read"),
        (&["compress", "f"], "f: a folder: pack it with tar first"),
        (&["compress", "/dev/null", "-o", "g.zst"], "no regular file"),
        (&["compress", "a", "-o", "f", "--format", "gz"], "f: is a folder"),
        (&["compress", "a", "-o", "b", "--format", "zst"], "b: exists: --force replaces it"),
        (&["compress", "a", "-o", "a", "-f", "--format", "zst"], "a: is the file itself"),
        (&["compress", "a", "-o", "l", "-f", "--format", "gz"], "l: is the file itself"),
        (&["compress", "a", "b", "-o", "g.zst"], "2 files go into as many"),
        (&["compress", "a", "-"], "2 files go into as many"),
        (&["compress", "a", "a"], "a.zst would be written twice"),
        (&["compress", "a", "-o", "g.zip"], "ends in neither .zst nor .gz"),
        (&["compress", "a", "-o", "g.gz", "--format", "zst"], "is the name of a gz file"),
        (&["compress", "a", "--format", "xz"], "there are zst and gz"),
        (&["compress", "a", "--level", "23"], "zst has levels 1 (fast) to 22 (small), not 23"),
        (&["compress", "a", "--level", "0"], "not 0"),
        (&["compress", "a", "--format", "gz", "--level", "13"], "gz has levels 1 (fast) to 12 (small), not 13"),
        (&["compress", "a", "-o", "none/a.zst"], "cannot be written into none"),
        (&["compress"], "FILE"),
        (&["decompress", "e.txt"], "its name doesn't end in .zst"),
        (&["decompress", "e.txt", "-o", "g"], "begins like neither of them"),
        (&["decompress", "c.zst"], "begins like neither of them"),
        (&["decompress", "d.gz"], "is empty"),
    ];
    for (words, says) in cases {
        run(1, folder.path(), words).expect(2).says(says);
        assert_eq!(names(folder.path()), before, "{words:?}");
    }
    let told = run(2, folder.path(), &["compress", "-"]).expect(2).says("start it without a launcher");
    assert_eq!(told.stderr.matches("divisi:").count(), 1, "{}", told.stderr);
    assert_eq!(names(folder.path()), before);
}

/// A file as `divisi compress` makes it, and its name.
fn compressed(folder: &Path, format: &str) -> (PathBuf, Vec<u8>) {
    run(1, folder, &["compress", "a", "--format", format]).expect(0);
    let path = folder.join(format!("a.{format}"));
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

/// The bytes that differ: the first, and the one behind the last.
fn difference(a: &[u8], b: &[u8]) -> (usize, usize) {
    assert_eq!(a.len(), b.len());
    let differs: Vec<usize> = (0..a.len()).filter(|&place| a[place] != b[place]).collect();
    (differs[0], differs[differs.len() - 1] + 1)
}

#[test]
fn a_damaged_block_is_named_and_takes_no_other_with_it() {
    let bytes = table(3 * ZST + 100);
    let folder = folder(&[("a", bytes.clone())]);
    // Within the second frame, and within a member: what each holds is lost.
    for (format, at, lost) in [("zst", 2, ZST), ("gz", 3, MEMBER)] {
        let (path, whole) = compressed(folder.path(), format);
        let mut damaged = whole.clone();
        let place = whole.len() * at / 6;
        damaged[place] ^= 0x55;
        fs::write(&path, &damaged).unwrap();
        let out = folder.path().join("b");
        for ranks in [1, 3] {
            run(ranks, folder.path(), &["decompress", path.to_str().unwrap(), "-o", "b"])
                .expect(1)
                .says("damaged at byte");
            assert_eq!(names(folder.path()).len(), if format == "zst" { 2 } else { 3 });
            let words = ["decompress", path.to_str().unwrap(), "-o", "b", "--keep-going"];
            let told = run(ranks, folder.path(), &words).expect(1);
            let (first, end) = difference(&bytes, &fs::read(&out).unwrap());
            let [first, end] = [first / lost * lost, end.next_multiple_of(lost)];
            assert_eq!(end - first, lost, "{format} on {ranks} ranks");
            let told = told.says(&format!("bytes {first} to {end} of the output are lost"));
            assert!(told.stderr.contains("damaged at byte"), "{}", told.stderr);
            fs::remove_file(&out).unwrap();
        }
    }
}

#[test]
fn what_is_whole_of_a_file_that_was_cut_or_lost_a_header_is_recovered() {
    let bytes = table(2 * ZST + 100);
    let folder = folder(&[("a", bytes.clone())]);
    let recover = |name: &str, ranks: usize| {
        fs::remove_file(folder.path().join("b")).ok();
        run(ranks, folder.path(), &["decompress", name, "-o", "b"]).expect(1).says("damaged at byte");
        let told = run(ranks, folder.path(), &["decompress", name, "-o", "b", "-f", "--keep-going"]).expect(1);
        (fs::read(folder.path().join("b")).unwrap(), told)
    };
    let (path, whole) = compressed(folder.path(), "zst");
    fs::write(&path, &whole[..whole.len() / 4 * 3]).unwrap();
    let (recovered, told) = recover("a.zst", 2);
    assert!(recovered.len() >= ZST && bytes.starts_with(&recovered), "{}", told.stderr);
    // Without its table the file is read from the beginning, and nothing of it is lost.
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    assert!(recover("a.zst", 2).0 == bytes);
    let (path, whole) = compressed(folder.path(), "gz");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (recovered, told) = recover("a.gz", 3);
    assert!(recovered.len() > GZ / 2 && bytes.starts_with(&recovered), "{}", told.stderr);
    // The end that says that it is one.
    fs::write(&path, &whole[..whole.len() - 30]).unwrap();
    let (recovered, told) = recover("a.gz", 2);
    assert!(recovered == bytes && told.stderr.contains("was it cut off?"), "{}", told.stderr);
    // A member's header: the next one is found by its signs.
    let second = u32::from_le_bytes([whole[16], whole[17], whole[18], whole[19]]) as usize;
    let mut damaged = whole.clone();
    damaged[second..second + 20].fill(0);
    fs::write(&path, &damaged).unwrap();
    let (recovered, told) = recover("a.gz", 2);
    assert!(
        recovered[..MEMBER] == bytes[..MEMBER] && recovered[2 * MEMBER..] == bytes[2 * MEMBER..],
        "{}",
        told.stderr
    );
    assert!(
        told.stderr.contains(&format!("bytes {MEMBER} to {} of the output are lost", 2 * MEMBER)),
        "{}",
        told.stderr
    );
}

/// Waits until a file is being written.
fn until_begun(folder: &Path) {
    let began = Instant::now();
    while fs::metadata(folder.join("a.zst.part")).map_or(0, |about| about.len()) == 0 {
        assert!(began.elapsed() < Duration::from_secs(LIMIT), "nothing was begun");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_job_that_ends_early_leaves_no_file_of_the_final_name() {
    let folder = folder(&[("a", table(15 * ZST))]);
    let name = folder.path().join("a");
    let start = |ranks: usize| {
        let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        command.arg("compress").arg(&name).args(["--level", "12"]).stdin(Stdio::null()).stderr(Stdio::null());
        let job = command.spawn().unwrap();
        until_begun(folder.path());
        job
    };
    // Killed: what was begun is left, and the next job begins anew.
    let mut job = start(2);
    kill_ranks(&name);
    assert_ne!(wait(&mut job, Duration::from_secs(LIMIT)), Some(0));
    assert!(!folder.path().join("a.zst").exists());
    fs::remove_file(folder.path().join("a.zst.part")).ok();
    // Asked to end: nothing is left.
    let mut job = start(1);
    signal(&job, Signal::TERM);
    assert_eq!(wait(&mut job, Duration::from_secs(LIMIT)), Some(1));
    assert_eq!(names(folder.path()), ["a"]);
}

/// A limit to the size of its files stands for a full disk; one rank alone meets it.
#[test]
fn a_disk_that_is_full_ends_all_ranks_with_a_message_and_no_file() {
    let folder = folder(&[("a", noise(3 * ZST))]);
    let limited = |rank: &str| {
        format!(
            "trap '' XFSZ; [ \"${{OMPI_COMM_WORLD_RANK:-${{PMI_RANK:-0}}}}\" != {rank} ] || ulimit -f 12000; exec {DIVISI} compress a --level 1"
        )
    };
    let alone = finish(divisi_as(&limited("0")).current_dir(folder.path()), LIMIT).expect(1);
    assert!(alone.stderr.contains("a.zst"), "{}", alone.stderr);
    assert_eq!(names(folder.path()), ["a"]);
    let mut command = mpirun(2, "bash");
    finish(command.args(["-c", &limited("1")]).current_dir(folder.path()), LIMIT).expect(1).says("a.zst");
    assert_eq!(names(folder.path()), ["a"]);
}

/// A shell in which the program may run.
fn divisi_as(line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", line]).env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command
}
