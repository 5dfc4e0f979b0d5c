//! Pictures as PDF, for papers: lines and areas as such, text as the outlines of its letters, so that no font need be embedded, maps as
//! images.
//!
//! A page is as wide as one or two columns of a journal, where that was asked for, and else a dot is half a point. What a backend of
//! plotters draws with whole dots is drawn here [`FINER`] times as fine.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::canvas::{FONT, Figure, drawn_on};
use crate::{Error, Result};

/// Dots of the drawing for a dot of the picture.
const FINER: u32 = 4;
/// Points for a dot, where no width is asked for.
const POINTS: f32 = 0.5;

/// A figure as the bytes of a PDF file, so many points wide.
pub(super) fn to_pdf(figure: &impl Figure, points: Option<f32>) -> Result<Vec<u8>> {
    let (width, height) = figure.size();
    let face = Face::parse(FONT, 0).map_err(|error| Error::System(format!("the font of pictures: {error}")))?;
    let size = (width * FINER, height * FINER);
    let mut page = Page { size, content: Content::new(), face, images: Vec::new(), alphas: BTreeMap::new() };
    let scale = points.unwrap_or(POINTS * width as f32) / (width * FINER) as f32;
    let paper = [page.size.0, page.size.1].map(|dots| dots as f32 * scale);
    page.content.transform([scale, 0.0, 0.0, -scale, 0.0, paper[1]]);
    Ok(drawn_on(page, figure, FINER)?.written(paper))
}

/// What is on the page so far.
struct Page {
    size: (u32, u32),
    content: Content,
    face: Face<'static>,
    /// Compressed colours, width, height.
    images: Vec<(Vec<u8>, u32, u32)>,
    /// How opaque things are, in percent, and what that is called.
    alphas: BTreeMap<u32, String>,
}

impl Page {
    fn written(self, [width, height]: [f32; 2]) -> Vec<u8> {
        let mut pdf = Pdf::new();
        let [catalog, tree, page, content] = [1, 2, 3, 4].map(Ref::new);
        let image = |place: usize| Ref::new(5 + place as i32);
        pdf.catalog(catalog).pages(tree);
        pdf.pages(tree).kids([page]).count(1);
        let mut about = pdf.page(page);
        about.media_box(Rect::new(0.0, 0.0, width, height)).parent(tree).contents(content);
        let mut resources = about.resources();
        let mut objects = resources.x_objects();
        (0..self.images.len()).for_each(|place| {
            objects.pair(Name(format!("I{place}").as_bytes()), image(place));
        });
        objects.finish();
        let mut states = resources.ext_g_states();
        for (percent, name) in &self.alphas {
            let part = *percent as f32 / 100.0;
            states
                .insert(Name(name.as_bytes()))
                .start::<pdf_writer::writers::ExtGraphicsState>()
                .non_stroking_alpha(part)
                .stroking_alpha(part);
        }
        states.finish();
        resources.finish();
        about.finish();
        pdf.stream(content, &deflated(&self.content.finish())).filter(Filter::FlateDecode);
        for (place, (bytes, wide, high)) in self.images.iter().enumerate() {
            let mut object = pdf.image_xobject(image(place), bytes);
            object.filter(Filter::FlateDecode);
            object.width(*wide as i32).height(*high as i32).bits_per_component(8);
            object.color_space().device_rgb();
        }
        pdf.finish()
    }

    /// Makes a colour the current one for areas and lines; whether it is seen at all.
    fn takes(&mut self, colour: BackendColor) -> bool {
        let percent = (100.0 * colour.alpha).round() as u32;
        if percent == 0 {
            return false;
        }
        let name = self.alphas.entry(percent).or_insert_with(|| format!("A{percent}"));
        let [red, green, blue] = [colour.rgb.0, colour.rgb.1, colour.rgb.2].map(|part| f32::from(part) / 255.0);
        self.content.set_parameters(Name(name.as_bytes()));
        self.content.set_fill_rgb(red, green, blue).set_stroke_rgb(red, green, blue);
        true
    }

    /// Fills the path that was begun, or draws its line.
    fn end_path(&mut self, fill: bool) {
        if fill {
            self.content.fill_nonzero();
        } else {
            self.content.stroke();
        }
    }

    /// A line through points, or the area within.
    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>) -> bool {
        let mut any = false;
        for (x, y) in points {
            if any {
                self.content.line_to(x as f32, y as f32);
            } else {
                self.content.move_to(x as f32, y as f32);
            }
            any = true;
        }
        any
    }

    /// The letters of a text from a place on, each as its outline.
    fn letters(&mut self, text: &str, size: f64, [x, y]: [f32; 2]) {
        // A size of plotters is that of the line: from the ascender to the descender.
        let line = f32::from(self.face.ascender()) - f32::from(self.face.descender());
        let per_unit = size as f32 / line;
        let mut across = x;
        let mut before = None;
        for letter in text.chars() {
            let glyph = self.face.glyph_index(letter).unwrap_or(GlyphId(0));
            across += before.map_or(0.0, |before| self.kerning(before, glyph)) * per_unit;
            let mut outline =
                Outline { content: &mut self.content, at: [across, y], per_unit, last: [0.0; 2], any: false };
            self.face.outline_glyph(glyph, &mut outline);
            if outline.any {
                self.content.fill_nonzero();
            }
            across += f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0)) * per_unit;
            before = Some(glyph);
        }
    }

    fn kerning(&self, left: GlyphId, right: GlyphId) -> f32 {
        let tables = self.face.tables().kern.into_iter().flat_map(|kern| kern.subtables);
        let horizontal = tables.filter(|table| table.horizontal && !table.has_state_machine);
        f32::from(horizontal.filter_map(|table| table.glyphs_kerning(left, right)).next().unwrap_or(0))
    }
}

/// The outline of a letter, upwards as fonts have it, at a place on the page.
struct Outline<'a> {
    content: &'a mut Content,
    at: [f32; 2],
    per_unit: f32,
    last: [f32; 2],
    any: bool,
}

impl Outline<'_> {
    fn place(&mut self, x: f32, y: f32) -> [f32; 2] {
        [self.at[0] + x * self.per_unit, self.at[1] - y * self.per_unit]
    }
}

impl OutlineBuilder for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.last = self.place(x, y);
        self.any = true;
        self.content.move_to(self.last[0], self.last[1]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.last = self.place(x, y);
        self.content.line_to(self.last[0], self.last[1]);
    }

    /// A parabola as a cubic curve: its inner points lie two thirds of the way to the parabola's.
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let [from, middle, to] = [self.last, self.place(x1, y1), self.place(x, y)];
        let inner = |end: [f32; 2]| [0, 1].map(|side| end[side] + 2.0 / 3.0 * (middle[side] - end[side]));
        let [a, b] = [inner(from), inner(to)];
        self.last = to;
        self.content.cubic_to(a[0], a[1], b[0], b[1], to[0], to[1]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let [a, b] = [self.place(x1, y1), self.place(x2, y2)];
        self.last = self.place(x, y);
        self.content.cubic_to(a[0], a[1], b[0], b[1], self.last[0], self.last[1]);
    }

    fn close(&mut self) {
        self.content.close_path();
    }
}

type Done = std::result::Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Page {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Done {
        if self.takes(colour) {
            self.content.rect(x as f32, y as f32, 1.0, 1.0).fill_nonzero();
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Done {
        if !self.takes(style.color()) {
            return Ok(());
        }
        let [width, height] = [to.0 - from.0, to.1 - from.1];
        self.content.set_line_width(style.stroke_width() as f32);
        self.content.rect(from.0 as f32, from.1 as f32, width as f32, height as f32);
        self.end_path(fill);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        if self.takes(style.color()) && self.path(path) {
            self.content.set_line_width(style.stroke_width() as f32);
            self.content.set_line_join(pdf_writer::types::LineJoinStyle::RoundJoin).stroke();
        }
        Ok(())
    }

    /// Four arcs, each a cubic curve that differs from the circle by less than a thousandth of its radius.
    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> Done {
        if !self.takes(style.color()) {
            return Ok(());
        }
        let [x, y, r] = [x as f32, y as f32, radius as f32];
        let k = 0.552_284_8 * r;
        self.content.set_line_width(style.stroke_width() as f32);
        self.content.move_to(x + r, y).cubic_to(x + r, y + k, x + k, y + r, x, y + r);
        self.content.cubic_to(x - k, y + r, x - r, y + k, x - r, y).cubic_to(x - r, y - k, x - k, y - r, x, y - r);
        self.content.cubic_to(x + k, y - r, x + r, y - k, x + r, y).close_path();
        self.end_path(fill);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Done {
        if self.takes(style.color()) && self.path(corners) {
            self.content.close_path().fill_nonzero();
        }
        Ok(())
    }

    /// Where plotters' bitmaps have it.
    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Done {
        if !self.takes(style.color()) {
            return Ok(());
        }
        let layout = style.layout_box(text).map_err(|error| DrawingErrorKind::FontError(Box::new(error)))?;
        let [width, height] = [(layout.1.0 - layout.0.0) as f32, (layout.1.1 - layout.0.1) as f32];
        let anchor = style.anchor();
        let across = match anchor.h_pos {
            HPos::Left => 0.0,
            HPos::Right => -width,
            HPos::Center => -width / 2.0,
        };
        let down = match anchor.v_pos {
            VPos::Top => 0.0,
            VPos::Center => -height / 2.0,
            VPos::Bottom => -height,
        };
        let [c, s] = match style.transform() {
            FontTransform::None => [1.0, 0.0],
            FontTransform::Rotate90 => [0.0, 1.0],
            FontTransform::Rotate180 => [-1.0, 0.0],
            FontTransform::Rotate270 => [0.0, -1.0],
        };
        self.content.save_state();
        self.content.transform([c, s, -s, c, x as f32, y as f32]);
        self.letters(text, style.size(), [across, down + style.size() as f32 / 2.0]);
        self.content.restore_state();
        Ok(())
    }

    fn blit_bitmap(&mut self, (x, y): BackendCoord, (width, height): (u32, u32), colours: &[u8]) -> Done {
        let name = format!("I{}", self.images.len());
        self.images.push((deflated(colours), width, height));
        self.content.save_state();
        self.content.transform([width as f32, 0.0, 0.0, -(height as f32), x as f32, y as f32 + height as f32]);
        self.content.x_object(Name(name.as_bytes()));
        self.content.restore_state();
        Ok(())
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // A list of bytes takes all that is written.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
