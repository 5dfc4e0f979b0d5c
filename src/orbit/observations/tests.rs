use super::*;

fn read(text: &str) -> Result<Observations> {
    Observations::from_texts([("data.csv", text)], Format::Auto)
}

fn told(text: &str) -> String {
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
        let error = told(&format!("{head}{line}\n"));
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
        let error = told(text);
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
