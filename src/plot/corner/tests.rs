//! Corner plots of made-up samples.

use super::*;
use crate::base::random::Random;
use crate::orbit::posterior::Parameter;
use crate::plot::canvas::to_svg;

/// Two correlated parameters, an angle and one that is fixed.
fn posterior(rows: u64) -> Posterior {
    let row = |index| {
        let mut random = Random::new(4, 0, index);
        let a = random.normal();
        let b = random.normal();
        [40.0 + 5.0 * a, (0.2 + 0.05 * a + 0.02 * b).abs(), 2.4 + 0.2 * b, 56.95]
    };
    let named = [("sma1", "au"), ("ecc1", ""), ("inc1", "rad"), ("plx", "mas")];
    Posterior {
        parameters: named.iter().map(|(name, unit)| Parameter::new(*name, *unit)).collect(),
        samples: (0..rows).flat_map(row).collect(),
        ln_likelihood: vec![0.0; rows as usize],
        ..Posterior::default()
    }
}

#[test]
fn parameters_that_vary_are_drawn_with_their_units() {
    let figure = Corner::of(&posterior(2000), &[]).unwrap();
    assert_eq!(figure.axes.len(), 3);
    let svg = to_svg(&figure).unwrap();
    for part in ["sma1 (au)", "ecc1", "inc1 (deg)", "2000 samples", "40.", "+"] {
        assert!(svg.contains(part), "{part} is missing");
    }
    assert!(!svg.contains("plx"));
    // A density for each two parameters.
    assert_eq!(svg.matches("data:image/png").count(), 3);
}

#[test]
fn names_choose_and_unknown_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stem = folder.path().join("corner");
    let [png, svg] = corner(&posterior(200), &["inc1", "sma1"], &stem).unwrap();
    assert_eq!(&std::fs::read(png).unwrap()[1..4], b"PNG");
    let text = std::fs::read_to_string(svg).unwrap();
    assert!(text.contains("sma1 (au)") && !text.contains("ecc1"));
    let message = corner(&posterior(200), &["sma"], &stem).unwrap_err().to_string();
    assert!(message.contains("no parameter `sma`; did you mean `sma1`?"), "{message}");
    assert!(corner(&posterior(200), &["plx"], &stem).unwrap_err().to_string().contains("nothing to draw"));
    assert!(corner(&posterior(0), &[], &stem).is_err() && corner(&posterior(1), &[], &stem).is_err());
    assert!(corner(&posterior(2), &[], &stem).is_ok());
}

#[test]
fn of_many_parameters_the_first_are_drawn() {
    let many = 30;
    let posterior = Posterior {
        parameters: (0..many).map(|k| Parameter::new(format!("p{k}"), "")).collect(),
        samples: (0..50 * many).map(|k| Random::new(1, 0, k).normal()).collect(),
        ln_likelihood: vec![0.0; 50],
        ..Posterior::default()
    };
    let figure = Corner::of(&posterior, &[]).unwrap();
    assert!(figure.axes.len() == MOST && figure.title.contains("without 6 more parameters"));
}

/// The last median stands above the last panel alone, and may be wider than it; where there are many panels, too.
#[test]
fn every_median_is_inside_the_picture() {
    for many in [1, 4, 9, 20] {
        let posterior = Posterior {
            parameters: (0..many).map(|k| Parameter::new(format!("p{k}"), "")).collect(),
            samples: (0..50 * many).map(|k| 2_457_123.0 + 1e-5 * Random::new(1, 0, k).normal()).collect(),
            ln_likelihood: vec![0.0; 50],
            ..Posterior::default()
        };
        let figure = Corner::of(&posterior, &[]).unwrap();
        let last = many as usize - 1;
        assert!(figure.corner(last, last)[0] + figure.median_width(last) <= figure.size().0, "{many}");
    }
}
