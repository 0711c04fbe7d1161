//! Colours, by what they are for. The library that draws knows numbers alone, so each purpose has
//! a number that stands for it, and is given a name for the style sheet afterwards: a plot then
//! follows the reader's light or dark.
//!
//! The colours of lines are those of Okabe and Ito (2008), which people who are blind to some
//! colours can tell apart, without the yellow, which nobody sees on white; lighter ones on black.
//! After seven they come again, dashed.

use plotters::style::RGBColor;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(1, 2, 1);
/// Lines of the grid.
pub(super) const GRID: RGBColor = RGBColor(1, 2, 2);
/// How many lines have a colour of their own.
pub(super) const COLOURS: usize = 7;

/// For a plot on its own; a page has the same in its style sheet.
pub(super) const STYLE: &str = "\
svg{--ink:#222;--grid:#e0e0e0;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#cc79a7;--s4:#c98700;\
--s5:#56b4e9;--s6:#555}@media(prefers-color-scheme:dark){svg{--ink:#ddd;--grid:#3a3a3a;\
--s0:#4a9be0;--s1:#ff8a4c;--s2:#2fc99a;--s3:#e6a0c8;--s4:#f0b840;--s5:#a5dcff;--s6:#aaa}}";

/// What stands for the colour of a line.
pub(super) fn line(number: usize) -> RGBColor {
    RGBColor(1, 1, (number % COLOURS) as u8)
}

/// The name of the colour of a line, for the style sheet.
pub(super) fn name(number: usize) -> String {
    format!("var(--s{})", number % COLOURS)
}

/// Gives numbers their names.
pub(super) fn named(svg: &str) -> String {
    let mut svg = svg.replace("\"#010201\"", "\"var(--ink)\"");
    svg = svg.replace("\"#010202\"", "\"var(--grid)\"");
    for number in 0..COLOURS {
        let number_of_it = format!("\"#0101{number:02X}\"");
        svg = svg.replace(&number_of_it, &format!("\"{}\"", name(number)));
    }
    svg
}
