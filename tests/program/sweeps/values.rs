//! What tasks are given and what they give, digit for digit and letter for letter, from the plan to the tables.

use divisi::io::Reader;

use super::place::{Place, on};

/// A whole number that no float is.
const LARGE: &str = "9007199254740993";

impl Place {
    #[track_caller]
    fn h5(&self) -> Reader {
        Reader::open(&self.out().join("results.h5")).expect("results.h5")
    }
}

/// Hashes with and without an e, trailing zeros, labels with and without sign, whole numbers beyond floats and beyond 64 bits,
/// blanks and quotes.
#[test]
fn a_command_gets_what_a_csv_file_says() {
    let fields = ["12345678901234567890", "1234567e8", "1.10", "-007", LARGE, "007", "5\" pipe", " x ", "0.5"];
    let place = Place::new(
        "simulation = 'sweep'\n[parameters]\ncombine = 'csv'\nfile = 'points.csv'\n[task]\n\
         command = ['printf', '[%s]', '{a}']\noutput = 'last_line'\n",
    );
    place.write("points.csv", format!("a\n{}\n", fields.join("\n")).replace(" x ", "\" x \""));
    place.run(on(1), &[]).expect(0);
    assert_eq!(place.column("a"), fields);
    assert_eq!(place.column("result"), fields.map(|field| format!("[{field}]")));
    assert_eq!(place.h5().texts("results/result").unwrap(), fields.map(|field| format!("[{field}]")));
}

/// Beside a fraction in a parameter, in a result and in both; beside a task that failed; printed as a number.
#[test]
fn a_whole_number_stays_what_it_is_whatever_stands_beside_it() {
    let place = Place::new(&format!(
        "simulation = 'sweep'\n[sweep]\nretries = 0\n[parameters.values]\nn = [{LARGE}, 9007199254740995, 0.5]\n[task]\n\
         command = ['sh', '-c', '[ $DIVISI_TASK = 2 ] && exit 1; echo \"[$1, $DIVISI_TASK, \\\"Infinity\\\"]\"', '-', '{{n}}']\n\
         output = 'json'\n"
    ));
    place.run(on(2), &[]).expect(3);
    assert_eq!(place.column("n"), [LARGE, "9007199254740995", "0.5"]);
    assert_eq!(place.column("result_0"), [LARGE, "9007199254740995", ""]);
    let h5 = place.h5();
    assert_eq!(h5.texts("results/n").unwrap(), [LARGE, "9007199254740995", "0.5"]);
    assert_eq!(h5.read::<i64>("results/result_0").unwrap(), [9_007_199_254_740_993, 9_007_199_254_740_995, 0]);
    assert_eq!(h5.read::<u8>("missing/result_0").unwrap(), [0, 0, 1]);
    // What a float holds is one where tasks lack it, as ever; a text stays a text.
    let small: Vec<f64> = h5.read("results/result_1").unwrap();
    assert!(small[..2] == [0.0, 1.0] && small[2].is_nan());
    assert_eq!(h5.texts("results/result_2").unwrap(), ["Infinity", "Infinity", ""]);
    place.change("echo \"[$1, $DIVISI_TASK, \\\"Infinity\\\"]\"", "echo $1");
    place.change("'json'", "'number'");
    place.run(on(1), &["--overwrite"]).expect(3);
    assert_eq!(place.column("result"), [LARGE, "9007199254740995", ""]);
}

/// A long text and a long message, of one task each.
#[test]
fn one_long_text_leaves_the_tables_as_small_as_they_are() {
    let place = Place::new(
        "simulation = 'sweep'\n[sweep]\nretries = 0\n[parameters.values]\ni = { from = 0, to = 199, step = 1 }\n[task]\n\
         command = ['sh', '-c', 'case $1 in 7) printf %0100000d 0;; 8) echo; echo no >&2; exit 1;; *) echo abc; esac', '-', '{i}']\n\
         output = 'last_line'\n",
    );
    place.run(on(1), &[]).expect(3);
    let texts = place.h5().texts("results/result").unwrap();
    assert_eq!((texts[7].len(), &texts[6][..], &texts[8][..]), (100_000, "abc", ""));
    let size = place.results("out").map(|bytes| bytes.len());
    assert!(size.iter().all(|&size| size < 300_000), "{size:?}");
}

/// In results.csv, tasks.csv, results.h5, the journal and the log.
#[test]
fn a_long_message_of_a_failure_is_cut_once_and_says_so() {
    let place = Place::new(
        "simulation = 'sweep'\n[sweep]\nretries = 0\n[parameters.values]\ni = 1\n[task]\n\
         worker = ['sh', '-c', 'while read -r line; do printf \"{{\\\"task\\\": 0, \\\"error\\\": \\\"%01000000d\\\"}}\\n\" 0; done']\n",
    );
    place.run(on(1), &[]).expect(3);
    let message = &place.column("message")[0];
    assert!(message.len() < 4200 && message.ends_with("000... (1000000 bytes in all)"), "{}", message.len());
    assert_eq!(&place.h5().texts("failures/message").unwrap()[0], message);
    for name in ["results.csv", "tasks.csv", "journal", "run.log"] {
        let bytes = std::fs::metadata(place.out().join(name)).expect(name).len();
        assert!(bytes < 12_000, "{name}: {bytes} bytes");
    }
}
