use super::*;

fn read(text: &str) -> Result<Observations> {
    Observations::from_texts([("data.csv", text)], Format::Auto)
}

fn message(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn wide_rows_give_a_measurement_for_each_quantity() {
    // The example of orbitize's documentation.
    let text = "# a comment\n\
        epoch,object,raoff,raoff_err,decoff,decoff_err,radec_corr,sep,sep_err,pa,pa_err,rv,rv_err\n\
        1234,1,0.010,0.005,0.50,0.05,0.025,,,,,,\n\
        \n\
        # another\n\
        2401235.5,1,,,,,,1.0,0.005,89.0,0.1,-3,0.5\n\
        1237,0,,,,,,,,,,10,0.1";
    let observations = read(text).unwrap();
    assert_eq!(observations.unit, VelocityUnit::KmPerS);
    let [offsets, separation, companion, star] = &observations.rows[..] else { panic!("{observations:?}") };
    assert_eq!((offsets.quantity, offsets.values, offsets.errors), (Quantity::RaDec, [0.010, 0.50], [0.005, 0.05]));
    assert_eq!((offsets.correlation, offsets.instrument.as_str()), (Some(0.025), "defrd"));
    assert_eq!((separation.epoch, separation.quantity, separation.values), (1235.0, Quantity::SepPa, [1.0, 89.0]));
    assert_eq!((separation.correlation, separation.instrument.as_str()), (None, "defsp"));
    assert_eq!((companion.object, companion.values[0], companion.errors[0]), (1, -3.0, 0.5));
    assert_eq!((star.object, star.values[0], star.instrument.as_str()), (0, 10.0, "defrv"));
    assert_eq!(star.place, "data.csv, line 7");
    assert!(observations.has_star_velocities());
}

#[test]
fn rows_of_one_quantity_are_read() {
    let text = "epoch,object,quant1,quant1_err,quant2,quant2_err,quant12_corr,quant_type,instrument\n\
        1234.0,1,0.01,0.005,0.5,0.05,0.025,radec,defrd\n\
        1235.0,1,1.0,0.005,89.0,0.1,nan,seppa,gpi\n\
        1237.0,0,10.0,0.1,nan,nan,nan,rv,hires\n";
    let rows = read(text).unwrap().rows;
    assert_eq!(rows[0].values, [0.01, 0.5]);
    assert_eq!((rows[1].quantity, rows[1].correlation, rows[1].instrument.as_str()), (Quantity::SepPa, None, "gpi"));
    assert_eq!((rows[2].quantity, rows[2].values, rows[2].object), (Quantity::Velocity, [10.0, 0.0], 0));
}

#[test]
fn the_same_table_may_have_tabs_or_blanks() {
    let text = "epoch,object,sep,sep_err,pa,pa_err\n55645.95,1,2479,16,327.94,0.39\n";
    let expected = read(text).unwrap();
    assert_eq!(read(&text.replace(',', "\t")).unwrap(), expected);
    assert_eq!(read(&text.replace(',', "  ")).unwrap(), expected);
    assert_eq!(read(&text.replace('\n', "\r\n")).unwrap(), expected);
    assert_eq!(read(&text.replace("epoch", "Epoch")).unwrap(), expected);
}

#[test]
fn a_quote_that_does_not_close_is_refused() {
    let told = message("time,mnvel,errvel,tel\n2450275.9,10.8,1.1,\"HARPS, post\"\n2450276.9,10.8,1.1,\"HARPS\n");
    assert_eq!(told, "data.csv, line 3: a quote opens here and never closes");
    let names = read("time,mnvel,errvel,tel\n2450275.9,10.8,1.1,\"HARPS, post\"\n").unwrap();
    assert_eq!(names.rows[0].instrument, "HARPS, post");
}

#[test]
fn radvels_text_and_csv_are_read() {
    let text =
        "time mnvel errvel tel svalue\n2450275.9700771 10.865898802 1.14224851131 k \\nodata\n2456000.5 -1 2 j 0.15\n";
    let observations = read(text).unwrap();
    assert_eq!(observations.unit, VelocityUnit::MPerS);
    assert_eq!(observations.rows[0].epoch, 2450275.9700771 - 2400000.5);
    assert_eq!((observations.rows[0].values[0], observations.rows[0].instrument.as_str()), (10.865898802, "k"));
    assert_eq!(observations.velocity_instruments(), ["j", "k"]);
    // radvel's own example K2-24 has an index without a name, other names, a truncated date and no instrument.
    let csv = read(",t,vel,errvel\n0,2364.81958,6.95,1.7\n1,2364.825,5.02,1.8\n").unwrap();
    assert_eq!((csv.rows[1].epoch, csv.rows[1].values[0], csv.rows[1].instrument.as_str()), (2364.825, 5.02, "defrv"));
}

#[test]
fn files_of_both_kinds_share_a_unit() {
    let both = Observations::from_texts(
        [("a", "epoch,object,rv,rv_err\n55000,0,-15.4,1.7\n"), ("b", "time,mnvel,errvel,tel\n55001,250,30,j\n")],
        Format::Auto,
    )
    .unwrap();
    assert_eq!(both.unit, VelocityUnit::KmPerS);
    assert_eq!((both.rows[0].values[0], both.rows[1].values[0], both.rows[1].errors[0]), (-15.4, 0.25, 0.03));
}

#[test]
fn wrong_cells_are_told_with_line_and_column() {
    let head = "epoch,object,sep,sep_err,pa,pa_err,seppa_corr,rv,rv_err\n55645,1,2479,16,327.94,0.39,,,\n";
    for (line, column, reason) in [
        ("2011-03-25,1,2479,16,327,0.39,,,", "epoch", "`2011-03-25` is no date"),
        ("-3,1,2479,16,327,0.39,,,", "epoch", "is no date"),
        ("5e8,1,2479,16,327,0.39,,,", "epoch", "is no date"),
        (",1,2479,16,327,0.39,,,", "epoch", "is empty"),
        ("55645,b,2479,16,327,0.39,,,", "object", "`b` is no object"),
        ("55645,-1,2479,16,327,0.39,,,", "object", "is no object"),
        ("55645,,2479,16,327,0.39,,,", "object", "is empty"),
        ("55645,1,2479,0,327,0.39,,,", "sep_err", "an error of 0 must be above zero"),
        ("55645,1,2479,16,327,-0.39,,,", "pa_err", "an error of -0.39 must be above zero"),
        ("55645,1,2479,,327,0.39,,,", "sep_err", "is empty"),
        ("55645,1,2479,16,,0.39,,,", "pa", "is empty"),
        ("55645,1,-2,16,3,0.39,,,", "sep", "must be above zero"),
        ("55645,1,24x,16,327,0.39,,,", "sep", "`24x` is not a number"),
        ("55645,1,2479,inf,327,0.39,,,", "sep_err", "is not a number"),
        ("55645,1,2479,16,327,0.39,1.0,,", "seppa_corr", "between -1 and 1"),
        ("55645,1,,,,,,3.5,nan", "rv_err", "is empty"),
    ] {
        let error = message(&format!("{head}{line}\n"));
        assert!(
            error.starts_with(&format!("data.csv, line 3, column {column}: ")) && error.contains(reason),
            "{error}"
        );
    }
}

#[test]
fn wrong_lines_and_headers_are_told() {
    for (text, place, reason) in [
        ("", "data.csv", "is empty"),
        ("# only\n", "data.csv", "is empty"),
        ("epoch,object,sep\n", "data.csv", "no line of values"),
        ("epoch,sep,sep_err,pa,pa_err\n5,1,1,1,1\n", "data.csv, line 1", "no column object"),
        ("epoch,object,sep,sep_err,pa\n5,1,1,1,1\n", "data.csv, line 1", "no column pa_err"),
        ("epoch,object,sep,pa,sep\n5,1,1,1,1\n", "data.csv, line 1", "the column sep is there twice"),
        ("# c\nname,mass\n5,1\n", "data.csv, line 2", "neither orbitize's"),
        ("epoch,object,rv,rv_err\n5,1,,\n", "data.csv, line 2", "has no measurement"),
        ("epoch,object,rv,rv_err\n5,1,2,3,4\n", "data.csv, line 2", "5 cells stand under 4 columns"),
        ("epoch,object,sep,sep_err,pa,pa_err\n5,0,1,1,1,1\n", "data.csv, line 2", "astrometry of the star"),
        ("epoch,object,brightness,brightness_err\n5,1,1,1\n", "data.csv, line 2", "brightness"),
        ("time mnvel tel\n5 1 k\n", "data.csv, line 1", "no column errvel"),
        ("time mnvel errvel tel\n5 1 0 k\n", "data.csv, line 2, column errvel", "above zero"),
        ("time mnvel errvel tel\nmonday 1 1 k\n", "data.csv, line 2, column time", "`monday` is no date"),
        ("time,mnvel,errvel,tel\n5,1,1,\n", "data.csv, line 2, column tel", "is empty"),
        (
            "epoch,object,quant1,quant1_err,quant2,quant2_err,quant_type\n5,1,1,1,1,1,sepp\n",
            "data.csv, line 2, column quant_type",
            "`sepp` is not among",
        ),
    ] {
        let error = message(text);
        assert!(error.starts_with(&format!("{place}: ")) && error.contains(reason), "{text:?}: {error}");
    }
}

#[test]
fn a_format_that_is_not_the_files_is_told() {
    let orbitize = "epoch,object,sep,sep_err,pa,pa_err\n55645,1,2479,16,327,0.39\n";
    let error = Observations::from_texts([("a.csv", orbitize)], Format::Radvel).unwrap_err().to_string();
    assert!(error.contains("a.csv, line 1") && error.contains("no column time") && error.contains("radvel"), "{error}");
    let radvel = "time mnvel errvel tel\n5 1 1 k\n";
    let error = Observations::from_texts([("a.txt", radvel)], Format::Orbitize).unwrap_err().to_string();
    assert!(error.contains("no column epoch") && error.contains("orbitize"), "{error}");
    let error = Observations::read(&["/nowhere/a.csv".into()], Format::Auto).unwrap_err().to_string();
    assert!(error.contains("/nowhere/a.csv"), "{error}");
    assert!(Observations::read(&[], Format::Auto).unwrap_err().to_string().contains("names no file"));
}

/// Of orbitize's tables: radvel's word for an instrument, two misspellings, a short form. Of radvel's: misspellings of an instrument's column,
/// which would make one of all. What else a table has is passed over, and told; a column without a name is an index.
#[test]
fn a_column_that_nobody_reads_is_refused_or_told() {
    for (column, reason) in [
        ("tel", "there is no column `tel` in such a table; known here: instrument"),
        ("inst", "there is no column `inst` in such a table; known here: instrument"),
        ("seppa_cor", "there is no column `seppa_cor` in such a table; did you mean `seppa_corr`?"),
        ("instrumnet", "did you mean `instrument`?"),
    ] {
        let text = format!("epoch,object,sep,sep_err,pa,pa_err,{column}\n50601.4,1,500,1,20,1,0.9\n");
        let told = message(&text);
        assert!(told.starts_with("data.csv, line 1: ") && told.contains(reason), "{told}");
    }
    for column in ["tell", "telscope", "inst", "instr"] {
        let told = message(&format!("time,mnvel,errvel,{column}\n2450601.4,0,1,K\n"));
        assert!(told.starts_with(&format!("data.csv, line 1: there is no column `{column}`")), "{told}");
    }
    let told = read("time mnvel errvel tel svalue bis\n2450601.4 0 1 K 0.1 2\n").unwrap();
    assert_eq!(told.notes, ["data.csv: columns svalue, bis not read"]);
    assert!(read(",epoch,object,rv,rv_err\n0,50601.4,0,0.5,0.1\n").unwrap().notes.is_empty());
    assert!(read(",time,mnvel,errvel\n0,2450601.4,0.5,0.1\n").unwrap().notes.is_empty());
}

/// Of both readers and of both columns of dates: no number, before the first day and on it, far beyond, a calendar's date, seconds of Unix.
#[test]
fn a_time_that_is_no_date_is_refused() {
    let tables = [
        ("epoch,object,rv,rv_err\n55000,0,1,1\n{},0,1,1\n", "epoch"),
        ("time,mnvel,errvel,tel\n2457783,2,1,a\n{},1,1,a\n", "time"),
        ("rjd\tvrad\tsvrad\n---\t----\t-----\n57783\t2\t1\n{}\t1\t1\n", "rjd"),
    ];
    for (table, column) in tables {
        for time in ["1e300", "-5", "0", "1.6e9", "20150102", "2397000", "inf", "2011-03-25", "2506331.5"] {
            let told = message(&table.replace("{}", time));
            let line = 2 + table.matches('\n').count() - 2;
            assert!(
                told.starts_with(&format!("data.csv, line {line}, column {column}: `{time}` is no date")),
                "{told}"
            );
        }
    }
}

/// A Julian date less 2457000 beside whole ones, a year, dates of two kinds.
#[test]
fn dates_that_look_odd_are_told() {
    let notes = |text: &str| read(text).unwrap().notes;
    let told = notes("time,mnvel,errvel\n2457783,2,1\n1744.5,1,1\n");
    assert_eq!(
        told,
        [
            "data.csv, line 3: its time 1744.5 is a date of the year 1863: is it a year, or a Julian date less another number than 2400000.5?"
        ]
    );
    let told = notes("epoch,object,sep,sep_err,pa,pa_err\n2008.69,1,210,27,211.49,1.9\n");
    assert!(told.len() == 1 && told[0].contains("its time 2008.69 is a date of the year 1864"), "{told:?}");
    let told = notes("epoch,object,sep,sep_err,pa,pa_err\n59000,1,210,27,211.49,1.9\n20000,1,210,27,211.49,1.9\n");
    assert!(
        told.len() == 1 && told[0].starts_with("data.csv, line 3 and data.csv, line 2: their dates are 107 years"),
        "{told:?}"
    );
    assert!(
        notes("epoch,object,sep,sep_err,pa,pa_err\n59000,1,210,27,211.49,1.9\n40000,1,210,27,211.49,1.9\n").is_empty()
    );
}

/// Columns of whole Julian dates with reduced ones; not where the name leaves it open, nor one with whole dates.
#[test]
fn a_name_that_says_another_kind_of_date_is_held_against_the_numbers() {
    let notes = |name: &str, date: &str| read(&format!("{name},rv,rv_err\n{date},2,1\n")).unwrap().notes;
    for name in ["BJD", "jd"] {
        let told = notes(name, "57783.25");
        let lower = name.to_lowercase();
        let expected =
            format!("data.csv, line 2: column {lower} has 57783.25, which is taken for a modified Julian date");
        assert!(told.len() == 1 && told[0].starts_with(&expected), "{told:?}");
    }
    for (name, date) in [("time", "57783.25"), ("rjd", "57783.25"), ("bjd", "2457783.25")] {
        assert!(notes(name, date).is_empty());
    }
}

/// Arcseconds in both forms of a place; km/s in a table of m/s.
#[test]
fn numbers_that_may_have_another_unit_are_told() {
    let notes = |text: &str| read(text).unwrap().notes;
    let told = notes("epoch,object,sep,sep_err,pa,pa_err\n55645.95,1,2.479,0.016,327.94,0.39\n");
    assert_eq!(told, ["data.csv: the widest separation is 2.479 mas: are these arcseconds? Such a table is in mas"]);
    assert_eq!(notes("epoch,object,raoff,raoff_err,decoff,decoff_err\n55645.95,1,-3,0.01,4,0.01\n").len(), 1);
    assert!(notes("epoch,object,raoff,raoff_err,decoff,decoff_err\n55645.95,1,-3,0.01,14,0.01\n").is_empty());
    let told = notes("rjd\tvrad\tsvrad\n55000.5\t31.334\t0.0009\n");
    assert_eq!(told, ["data.csv: no error of a velocity is above 0.0009 m/s: are these km/s? Such a table is in m/s"]);
}

/// DACE's, with its line of dashes and its reduced dates; the archive's, whose units count; VizieR's; semicolons; ends of lines of old systems; the
/// exponents of Fortran; a mark before a comment.
#[test]
fn tables_are_read_as_they_come() {
    let expected = read("time,mnvel,errvel\n2455000.25,-1250,2.5\n").unwrap();
    for text in [
        "rjd\tvrad\tsvrad\n---\t----\t-----\n55000.25\t-1250.0\t2.5\n",
        "rjd\tvrad\tsvrad\n2455000.25\t-1250.0\t2.5\n",
        "\\NAME = 'x'\n|           JD|Radial_Velocity|Radial_Velocity_Uncertainty|\n\
         |       double|         double|                     double|\n\
         |         days|            m/s|                        m/s|\n\
         \x20  2455000.25          -1250                         2.5\n",
        "BJD;RV;RV_err\n2455000.25;-1250;2.5\n",
        "time,mnvel,errvel\r2455000.25,-1250,2.5\r",
        "\u{feff}# c\ntime mnvel errvel\n2.45500025D+06 -1.250D3 2.5d0\n",
    ] {
        let found = read(text).unwrap();
        let [row] = &found.rows[..] else { panic!("{text}: {found:?}") };
        let place = expected.rows[0].place.clone();
        assert_eq!((&Observation { place, ..row.clone() }, found.unit), (&expected.rows[0], expected.unit), "{text}");
    }
    let km = read(
        "|         JD|    RV| RV_err|\n|     double|double| double|\n|       days|  km/s|   km/s|\n 2455000.25  -1.25  0.0025 \n",
    );
    let km = km.unwrap();
    assert_eq!((km.unit, km.rows[0].values[0], km.rows[0].errors[0]), (VelocityUnit::KmPerS, -1.25, 0.0025));
    let vizier = "BJD;RV;RV_err\nd;{};{}\n---;--;---\n2455000.25;-1250;2.5\n";
    let units = |a: &str, b: &str| vizier.replacen("{}", a, 1).replacen("{}", b, 1);
    assert_eq!(read(&units("m/s", "m/s")).unwrap().rows[0].values, expected.rows[0].values);
    assert!(message(&units("m/s", "km/s")).contains("different units"));
    assert!(
        message(&units("cm/s", "cm/s"))
            .starts_with("data.csv, line 1, column rv: has the unit cm/s: it must be in m/s or")
    );
    assert!(
        message("epoch;object;rv;rv_err\nd;;m/s;m/s\n-;-;-;-\n55000;0;3;1\n")
            .contains("column rv: has the unit m/s: it must be in km/s")
    );
    assert!(
        message("epoch;object;sep;sep_err;pa;pa_err\nd;;arcsec;arcsec;deg;deg\n-;-;-;-;-;-\n55000;1;3;1;2;2\n")
            .contains("unit arcsec")
    );
}

#[test]
fn values_without_a_line_of_names_are_told() {
    for text in ["2458378.5, -9.55, 1.2, K\n2458379.5, 1, 1.2, K\n", "2458378.5 -9.55 1.2 K\n"] {
        assert!(
            message(text).contains("line 1: begins with values (`2458378.5`): its first line must name the columns")
        );
    }
}

/// Latin-1 with its line, UTF-16, a packed file.
#[test]
fn a_file_that_is_no_text_is_refused_as_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    for (bytes, reason) in [
        (&b"time,mnvel,errvel,tel\n2455000,1,1,\xe9\n"[..], "a.csv, line 2: this line is not UTF-8 text"),
        (b"\xff\xfet\0i\0m\0e\0", "a.csv: is UTF-16 text"),
        (b"\x1f\x8b\x08", "a.csv: is packed by gzip"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = Observations::read(std::slice::from_ref(&path), Format::Auto).unwrap_err();
        assert!(error.status() == 2 && error.to_string().starts_with(reason), "{error}");
    }
}
