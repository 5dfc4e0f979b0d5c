//! Known constants in several units; texts with units, and what is wrong with some.

use super::*;

fn units(text: &str) -> std::result::Result<Units, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

fn text(units: &Units, value: &str) -> Result<f64> {
    units.duration("run.until", &Quantity::Text(value.to_string()))
}

fn close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
}

#[test]
fn gravity_is_exactly_one_in_gm_and_nbody_units() {
    assert_eq!(Units::preset(Preset::AuDayGm).gravity(), 1.0);
    assert_eq!(Units::default().gravity(), 1.0);
}

#[test]
fn gravity_in_other_units_is_the_known_number() {
    // Gauss's constant squared, good to the difference between his and the nominal G M of the Sun.
    close(units("length = 'au'\ntime = 'day'\nmass = 'Msun'").unwrap().gravity(), 0.017_202_098_95_f64.powi(2), 1e-8);
    close(units("length = 'pc'\ntime = 'Myr'\nmass = 'Msun'").unwrap().gravity(), 4.498_5e-3, 1e-4);
    close(Units::preset(Preset::KpcKms).gravity(), 43_009.17, 1e-6);
    assert_eq!(Units::preset(Preset::Si).gravity(), 6.674_30e-11);
    assert_eq!(units("length = 1.0\ntime = 1.0\nmass = 1.0").unwrap().gravity(), 6.674_30e-11);
}

#[test]
fn light_and_cgs_sizes_follow_the_units() {
    let solar = Units::preset(Preset::AuDayGm);
    close(solar.speed_of_light().unwrap(), 173.144_632_674_240_3, 1e-15);
    close(solar.velocity_cm_per_s(), 1.731_456_836_8e8, 1e-10);
    close(solar.mass_g() * 2.959_122_082_841_196e-4, 1.988_4e33, 1e-4);
    close(Units::preset(Preset::KpcKms).velocity_cm_per_s(), 1e5, 1e-15);
    assert_eq!(Units::default().speed_of_light(), None);
}

#[test]
fn durations_with_and_without_units_become_code_units() {
    let solar = Units::preset(Preset::AuDayGm);
    assert_eq!(text(&solar, "100 yr").unwrap(), 36_525.0);
    assert_eq!(solar.duration("run.until", &Quantity::Number(40.0)).unwrap(), 40.0);
    assert_eq!(text(&solar, " 40 ").unwrap(), 40.0);
    assert_eq!(text(&solar, "1e6 yr").unwrap(), 365.25e6);
    assert_eq!(text(&solar, "36525 day").unwrap(), 36_525.0);
    for words in ["100 years", "100 year", "100 yrs", "36525 days", "876600 h", "876600 hours", "52596000 minutes"] {
        assert_eq!(text(&solar, words).unwrap(), 36_525.0, "{words}");
    }
    assert_eq!(text(&solar, "864 seconds").unwrap(), text(&solar, "864 s").unwrap());
    assert_eq!(text(&Units::default(), "10").unwrap(), 10.0);
}

#[test]
fn wrong_durations_say_what_is_wrong() {
    let message = |units: &Units, value: &str| text(units, value).unwrap_err().to_string();
    let solar = Units::preset(Preset::AuDayGm);
    assert!(message(&Units::default(), "100 yr").contains("no physical scale"));
    assert!(message(&solar, "100 weeks").contains("\"weeks\" is not a unit of time: known are s, min"));
    assert!(message(&solar, "100yr").contains("not a duration"));
    assert!(message(&solar, "a lot").contains("not a duration"));
    assert!(message(&solar, "nan").starts_with("run.until: \"nan\""));
}

#[test]
fn mixed_incomplete_and_unknown_units_are_refused() {
    let message = |text| units(text).unwrap_err();
    assert!(message("preset = 'si'\nlength = 'au'").contains("preset alone"));
    assert!(message("length = 'au'\nmass = 'Msun'").contains("`time` missing"));
    assert!(message("length = 'au'").contains("`time` and `mass` missing"));
    assert!(message("length = 'parsec'\ntime = 's'\nmass = 'kg'").contains("known are m, cm, km, au"));
    assert!(message("length = -1.0\ntime = 's'\nmass = 'kg'").contains("positive finite"));
    assert!(message("preset = 'cgs'").contains("unknown variant"));
    assert_eq!(
        Units::new(UnitsSection { length: Some(Quantity::Number(1.0)), ..Default::default() }).unwrap_err().status(),
        2
    );
}

#[test]
fn other_words_for_a_unit_of_time_name_the_same_unit() {
    let of = |time: &str| units(&format!("length = 'au'\ntime = '{time}'\nmass = 'Msun'")).unwrap();
    for (word, name) in [("days", "day"), ("h", "hour"), ("2 years", "2 yr"), ("10  days", "10  day")] {
        assert_eq!((of(word).time_s(), of(word).time_name()), (of(name).time_s(), of(name).time_name()), "{word}");
    }
    assert!(units("length = 'days'\ntime = 's'\nmass = 'kg'").unwrap_err().contains("is not a unit of length"));
}

#[test]
fn units_are_written_as_they_were_read() {
    for text in ["preset = \"au-day-gm\"\n", "length = \"au\"\ntime = 86400.0\nmass = \"1e3 Msun\"\n"] {
        assert_eq!(toml::to_string(&units(text).unwrap()).unwrap(), text);
    }
}
