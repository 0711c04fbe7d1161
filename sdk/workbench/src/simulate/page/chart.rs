//! Draws one plot as SVG: lines with their names beside them, or bars.

use super::axis::Axis;
use super::palette::{self, COLOURS, GRID, INK};
use anyhow::{Result, anyhow};
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Width and height; a page scales them.
const SIZE: (u32, u32) = (760, 320);
/// For the names of the lines.
const NAMES: u32 = 150;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
const LETTERS: i32 = 13;

/// A plot of lines.
pub(super) struct Chart {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
}

/// One line.
pub(super) struct Line {
    pub(super) name: String,
    /// Says what it looks like.
    pub(super) number: usize,
    pub(super) points: Vec<(f64, f64)>,
}

/// A plot of bars that lie.
pub(super) struct Bars {
    pub(super) axis: Axis,
    pub(super) bars: Vec<Bar>,
}

/// One bar, and the darker part of it.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) number: usize,
    pub(super) value: f64,
    pub(super) part: f64,
}

impl Chart {
    /// As SVG.
    pub(super) fn draw(&self) -> Result<String> {
        let mut svg = String::new();
        self.draw_into(&mut svg)
            .map_err(|error| anyhow!("cannot draw: {error}"))?;
        Ok(palette::named(&svg))
    }

    fn draw_into(&self, svg: &mut String) -> Drawn {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let (left, right) = root.split_horizontally(SIZE.0 - NAMES);
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let x = self.x.scale.lay(points().map(|(x, _)| *x));
        let y = self.y.scale.lay(points().map(|(_, y)| *y));
        let mut chart = ChartBuilder::on(&left)
            .margin_top(12)
            .margin_right(14)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(x, y)?;
        let text = || ("sans-serif", LETTERS).into_font().color(&INK);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(text())
            .axis_desc_style(text())
            .x_label_formatter(&|place| (self.x.show)(self.x.scale.value(*place)))
            .y_label_formatter(&|place| (self.y.show)(self.y.scale.value(*place)))
            .x_desc(self.x.label)
            .y_desc(self.y.label)
            .draw()?;
        for line in &self.lines {
            let style = palette::line(line.number).stroke_width(2);
            let points = line.points.iter();
            let places = points.map(|(x, y)| (self.x.scale.place(*x), self.y.scale.place(*y)));
            if line.number < COLOURS {
                chart.draw_series(LineSeries::new(places, style))?;
            } else {
                chart.draw_series(DashedLineSeries::new(places, 6, 4, style))?;
            }
        }
        self.names(&right)?;
        root.present()?;
        Ok(())
    }

    /// The names of the lines, in the order in which the lines end.
    fn names(&self, area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Drawn {
        let mut lines: Vec<_> = self.lines.iter().collect();
        let end = |line: &Line| line.points.last().map_or(0.0, |(_, y)| *y);
        lines.sort_by(|a, b| end(b).total_cmp(&end(a)));
        for (row, line) in (0..).zip(lines) {
            let middle = 22 + row * 20;
            let style = palette::line(line.number).stroke_width(3);
            let stroke = vec![(4, middle), (24, middle)];
            if line.number < COLOURS {
                area.draw(&PathElement::new(stroke, style))?;
            } else {
                for from in [4, 18] {
                    area.draw(&PathElement::new(
                        vec![(from, middle), (from + 7, middle)],
                        style,
                    ))?;
                }
            }
            area.draw(&Text::new(
                shortened(&line.name),
                (30, middle),
                beside(HPos::Left),
            ))?;
        }
        Ok(())
    }
}

impl Bars {
    /// As SVG.
    pub(super) fn draw(&self) -> Result<String> {
        let mut svg = String::new();
        self.draw_into(&mut svg)
            .map_err(|error| anyhow!("cannot draw: {error}"))?;
        Ok(palette::named(&svg))
    }

    fn draw_into(&self, svg: &mut String) -> Drawn {
        let height = 60 + 28 * self.bars.len() as i32;
        let root = SVGBackend::with_string(svg, (SIZE.0, height as u32)).into_drawing_area();
        let values = self.bars.iter().map(|bar| bar.value).chain([1e-9]);
        let laid = self.axis.scale.lay(values);
        let (from, to) = (NAMES as i32 + 8, SIZE.0 as i32 - 70);
        let place = |value: f64| {
            let part = (value - laid.from) / (laid.to - laid.from);
            from + (part * f64::from(to - from)).round() as i32
        };
        let bottom = height - 44;
        for mark in &laid.marks {
            let x = place(*mark);
            root.draw(&PathElement::new(vec![(x, 6), (x, bottom)], GRID))?;
            let text = (self.axis.show)(*mark);
            let style = beside(HPos::Center);
            root.draw(&Text::new(text, (x, bottom + 12), style))?;
        }
        let style = beside(HPos::Center);
        root.draw(&Text::new(
            self.axis.label,
            ((from + to) / 2, bottom + 32),
            style,
        ))?;
        for (row, bar) in (0..).zip(&self.bars) {
            let top = 10 + row * 28;
            let colour = palette::line(bar.number);
            let whole = [(from, top), (place(bar.value), top + 18)];
            let part = [(from, top), (place(bar.part), top + 18)];
            root.draw(&Rectangle::new(whole, colour.mix(0.45).filled()))?;
            root.draw(&Rectangle::new(part, colour.filled()))?;
            let middle = top + 9;
            let name = shortened(&bar.name);
            root.draw(&Text::new(name, (from - 8, middle), beside(HPos::Right)))?;
            let value = (self.axis.show)(bar.value);
            let at = (place(bar.value) + 6, middle);
            root.draw(&Text::new(value, at, beside(HPos::Left)))?;
        }
        root.present()?;
        Ok(())
    }
}

fn beside(side: HPos) -> TextStyle<'static> {
    let style = ("sans-serif", LETTERS).into_font().color(&INK);
    style.pos(Pos::new(side, VPos::Center))
}

/// As much of a name as there is room for.
fn shortened(name: &str) -> String {
    const ROOM: usize = 17;
    if name.chars().count() <= ROOM {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(ROOM - 1).collect();
    short.push('…');
    short
}
