//! A study of scaling: time, speed-up, efficiency and waiting over the number of ranks, with the ideal and the law through the points.

use std::path::{Path, PathBuf};

use super::canvas::save;
use super::panels::{Curve, Panel, Panels};
use crate::Result;

/// The curves of a study, each over ranks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curves {
    /// The machine's cores.
    pub cores: f64,
    pub seconds: Vec<(f64, f64)>,
    pub speed_up: Vec<(f64, f64)>,
    /// The speed-up of the law through the points, with its name.
    pub law: (String, Vec<(f64, f64)>),
    pub efficiency: Vec<(f64, f64)>,
    /// The share of time that ranks wait; empty where it isn't known.
    pub waiting: Vec<(f64, f64)>,
}

/// Draws a study as PNG and SVG.
///
/// # Errors
/// When a picture can't be drawn or written.
pub(crate) fn draw(title: &str, curves: &Curves, stem: &Path) -> Result<[PathBuf; 2]> {
    save(&panels(title, curves), stem)
}

fn panels(title: &str, curves: &Curves) -> Panels {
    let first = curves.speed_up.first().map_or(1.0, |point| point.0);
    let last = curves.speed_up.last().map_or(1.0, |point| point.0);
    let own = |points: &[(f64, f64)], name: &str| Curve {
        name: name.to_owned(),
        ink: 0,
        pale: false,
        points: points.to_vec(),
    };
    let beside =
        |points: Vec<(f64, f64)>, name: &str, ink: usize| Curve { name: name.to_owned(), ink, pale: true, points };
    // Ideal: as many times as fast as there are ranks, up to the cores.
    let corner = curves.cores.clamp(first, last);
    let ideal = vec![(first, first), (corner, corner), (last, corner)];
    let ideal_share = (0..=100).map(|step| first + (last - first) * f64::from(step) / 100.0);
    let ideal_share = ideal_share.map(|ranks| (ranks, curves.cores.min(ranks) / ranks)).collect();
    let (name, law) = &curves.law;
    let mut panels = vec![
        Panel::new("time [s]", vec![own(&curves.seconds, "")]),
        Panel::new(
            "speed-up",
            vec![own(&curves.speed_up, "measured"), beside(ideal, "ideal", 1), beside(law.clone(), name, 2)],
        ),
        Panel::new("efficiency", vec![own(&curves.efficiency, ""), beside(ideal_share, "ideal", 1)]),
    ];
    if law.is_empty() {
        panels[1].curves.pop();
    }
    if !curves.waiting.is_empty() {
        panels.push(Panel::new("share of waiting", vec![own(&curves.waiting, "")]));
    }
    let width = (last - first).max(1.0);
    Panels::new(title.to_owned(), "ranks".to_owned(), [first - 0.02 * width, last + 0.02 * width], panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_panel_for_all_that_is_known() {
        let points = vec![(1.0, 1.0), (2.0, 1.9), (4.0, 2.0)];
        let mut curves = Curves {
            cores: 2.0,
            seconds: points.clone(),
            speed_up: points.clone(),
            efficiency: points.clone(),
            ..Curves::default()
        };
        assert_eq!(panels("x", &curves).panels.len(), 3);
        curves.waiting = points;
        curves.law = ("Amdahl".to_owned(), vec![(1.0, 1.0)]);
        let panels = panels("x", &curves);
        assert_eq!((panels.panels.len(), panels.panels[1].curves.len()), (4, 3));
        assert_eq!(panels.panels[1].curves[1].points, [(1.0, 1.0), (2.0, 2.0), (4.0, 2.0)]);
        let folder = tempfile::tempdir().unwrap();
        let [png, svg] = draw("x", &curves, &folder.path().join("scaling")).unwrap();
        assert!(png.exists() && std::fs::read_to_string(svg).unwrap().contains("speed-up"));
    }
}
