//! Any of the pictures, with its name.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure};
use super::corner::Corner;
use super::density::Density;
use super::energy::EnergyError;
use super::fit::{Fitted, Sky};
use super::maps::Maps;
use super::orbits::Orbits;
use super::panels::Panels;
use super::squares::Squares;

/// A picture, what it shows, and how its files are called.
pub(super) struct Named {
    pub stem: String,
    pub title: String,
    pub picture: Picture,
}

/// Any of the pictures.
#[cfg_attr(not(feature = "solvers"), expect(dead_code, reason = "only fits of orbits have Sky and Fitted"))]
pub(super) enum Picture {
    Orbits(Orbits),
    Energy(EnergyError),
    Density(Density),
    Maps(Maps),
    Panels(Panels),
    Squares(Squares),
    Corner(Corner),
    Sky(Sky),
    Fitted(Fitted),
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
            Picture::Corner(figure) => figure.draw(area, scale),
            Picture::Sky(figure) => figure.draw(area, scale),
            Picture::Fitted(figure) => figure.draw(area, scale),
        }
    }
}
