//! What a run looks like: its pictures, and a picture for each of some snapshots, between which a slider moves.
//!
//! Pictures are SVG within the page, whose inks follow its light or dark colours; one that would be heavy as SVG is a PNG.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::budget::Budget;
use crate::Result;
use crate::plot::{Extent, Film, Picture, View, figures_of, to_png, to_svg};
use crate::run::RunFolder;

/// A picture of so many bytes or more is a PNG, if that is smaller.
const HEAVY: usize = 400_000;
/// The most frames of the slider, and the share of the page that they may take.
const FRAMES: usize = 25;
const SHARE: f64 = 0.4;
/// The most bytes of snapshots that are read for the slider.
const READ: u64 = 512 << 20;

/// A picture within the page.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    title: String,
    /// As an element of the page.
    element: String,
}

/// A picture for each of some snapshots.
#[derive(Debug, Serialize)]
pub(super) struct Slider {
    title: String,
    frames: Vec<Shown>,
}

/// The pictures that `divisi plot` draws; but for those over time, where there is a slider. What can't be drawn is noted.
pub(super) fn pictures(
    folder: &RunFolder,
    has_slider: bool,
    budget: &mut Budget,
    notes: &mut Vec<String>,
) -> Vec<Shown> {
    let figures = match figures_of(folder.root(), &View::default()) {
        Ok(figures) => figures,
        Err(error) => {
            notes.push(format!("the pictures: {error}"));
            return Vec::new();
        }
    };
    let mut shown = Vec::new();
    let mut left_out = Vec::new();
    for named in figures.into_iter().filter(|named| !(has_slider && named.stem.ends_with("_times"))) {
        match element(&named.picture) {
            Ok(element) if budget.takes(element.len()) => shown.push(Shown { title: named.title, element }),
            Ok(_) => left_out.push(named.title),
            Err(error) => notes.push(format!("{}: {error}", named.title)),
        }
    }
    if !left_out.is_empty() {
        notes
            .push(format!("left out, so that the page stays small: {}; `divisi plot` draws them", left_out.join(", ")));
    }
    shown
}

/// Frames of one picture; none where there is but one snapshot, or where they would take too much to read or to keep.
pub(super) fn slider(folder: &RunFolder, budget: &mut Budget) -> Result<Option<Slider>> {
    let Some(mut film) = Film::of(folder.root(), &View::default(), FRAMES)? else { return Ok(None) };
    // Few bodies are shown in three dimensions.
    if film.len() < 2 || film.stem == "orbits" {
        return Ok(None);
    }
    let bytes: u64 =
        folder.snapshot_files()?.last().and_then(|path| path.metadata().ok()).map_or(0, |about| about.len());
    let most = budget.share(SHARE);
    let mut frames = drawn(&film, film.len() - 1..film.len(), &Extent::default())?;
    let fit = most / frames[0].element.len().max(1);
    let read = (READ / bytes.max(1)) as usize;
    let count = FRAMES.min(fit).min(read);
    if count < 2 {
        return Ok(None);
    }
    if count < film.len() {
        let Some(fewer) = Film::of(folder.root(), &View::default(), count)? else { return Ok(None) };
        film = fewer;
    }
    let extent = (0..film.len())
        .try_fold(Extent::default(), |all, index| Ok::<_, crate::Error>(all.join(&film.look(index)?)))?;
    frames = drawn(&film, 0..film.len(), &extent)?;
    let all: usize = frames.iter().map(|frame| frame.element.len()).sum();
    Ok(budget.takes(all).then(|| Slider { title: format!("{} over time", film.stem.replace('_', " ")), frames }))
}

fn drawn(film: &Film, frames: std::ops::Range<usize>, extent: &Extent) -> Result<Vec<Shown>> {
    let shown = |index: usize| {
        let (title, picture) = film.frame(index, extent)?;
        Ok(Shown { title, element: element(&picture)? })
    };
    frames.map(shown).collect()
}

/// A picture as an element of the page.
fn element(picture: &Picture) -> Result<String> {
    let svg = to_svg(picture)?;
    let svg = svg.find("<svg").map_or(&svg[..], |start| &svg[start..]);
    if svg.len() < HEAVY {
        return Ok(scalable(svg));
    }
    let png = to_png(picture)?;
    let heavy = format!("<img alt=\"\" src=\"data:image/png;base64,{}\">", STANDARD.encode(png));
    Ok(if heavy.len() < svg.len() { heavy } else { scalable(svg) })
}

/// SVG that shrinks with the page: its size is that of a box to look into.
fn scalable(svg: &str) -> String {
    let Some((head, rest)) = svg.split_once('>') else { return svg.to_owned() };
    let size = |name: &str| Some(head.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.to_owned());
    match (size(" width"), size(" height")) {
        (Some(width), Some(height)) => format!(
            "<svg viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" \
             xmlns=\"http://www.w3.org/2000/svg\">{rest}"
        ),
        _ => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_shrink_with_the_page() {
        let svg = "<svg width=\"10\" height=\"20\" viewBox=\"0 0 10 20\" xmlns=\"x\">\n<a/></svg>";
        let shown = scalable(svg);
        assert!(
            shown.starts_with("<svg viewBox=\"0 0 10 20\" style=\"max-width:10px\"")
                && shown.ends_with(">\n<a/></svg>")
        );
    }
}
