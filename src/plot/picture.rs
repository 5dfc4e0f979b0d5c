//! Any of the pictures, with its name.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure};
use super::corner::Corner;
use super::density::Density;
use super::energy::EnergyError;
use super::fit::{Fitted, Sky};
use super::logarithmic::Logarithmic;
use super::map::OwnedMap;
use super::maps::Maps;
use super::orbits::Orbits;
use super::panels::Panels;
use super::phase::Phase;
use super::squares::Squares;
use super::view::Width;

/// A picture, what it shows, and how its files are called.
pub(crate) struct Named {
    pub stem: String,
    pub title: String,
    pub picture: Picture,
}

/// Any of the pictures.
#[cfg_attr(not(feature = "solvers"), expect(dead_code, reason = "only fits of orbits have Sky and Fitted"))]
pub(crate) enum Picture {
    Orbits(Orbits),
    Energy(EnergyError),
    Density(Density),
    Maps(Maps),
    Panels(Panels),
    Squares(Squares),
    Map(OwnedMap),
    Phase(Phase),
    Logarithmic(Logarithmic),
    Corner(Corner),
    Sky(Sky),
    Fitted(Fitted),
}

impl Picture {
    /// Makes a picture as wide as columns of a journal, where its kind can be drawn in any width; maps are made so from the start.
    pub(super) fn fit(&mut self, width: Width) {
        let dots = width.dots();
        match self {
            Picture::Panels(figure) => figure.width = dots,
            Picture::Phase(figure) => figure.width = dots,
            Picture::Logarithmic(figure) => figure.width = dots,
            Picture::Energy(figure) => figure.width = dots,
            Picture::Orbits(figure) => figure.fit(dots),
            Picture::Density(figure) => figure.fit(dots),
            Picture::Maps(_)
            | Picture::Squares(_)
            | Picture::Map(_)
            | Picture::Corner(_)
            | Picture::Sky(_)
            | Picture::Fitted(_) => {}
        }
    }
}

impl Figure for Picture {
    fn size(&self) -> (u32, u32) {
        match self {
            Picture::Orbits(figure) => figure.size(),
            Picture::Energy(figure) => figure.size(),
            Picture::Density(figure) => figure.size(),
            Picture::Maps(figure) => figure.size(),
            Picture::Panels(figure) => figure.size(),
            Picture::Squares(figure) => figure.size(),
            Picture::Map(figure) => figure.size(),
            Picture::Phase(figure) => figure.size(),
            Picture::Logarithmic(figure) => figure.size(),
            Picture::Corner(figure) => figure.size(),
            Picture::Sky(figure) => figure.size(),
            Picture::Fitted(figure) => figure.size(),
        }
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        match self {
            Picture::Orbits(figure) => figure.draw(area, scale),
            Picture::Energy(figure) => figure.draw(area, scale),
            Picture::Density(figure) => figure.draw(area, scale),
            Picture::Maps(figure) => figure.draw(area, scale),
            Picture::Panels(figure) => figure.draw(area, scale),
            Picture::Squares(figure) => figure.draw(area, scale),
            Picture::Map(figure) => figure.draw(area, scale),
            Picture::Phase(figure) => figure.draw(area, scale),
            Picture::Logarithmic(figure) => figure.draw(area, scale),
            Picture::Corner(figure) => figure.draw(area, scale),
            Picture::Sky(figure) => figure.draw(area, scale),
            Picture::Fitted(figure) => figure.draw(area, scale),
        }
    }
}
