//! Line charts as SVG: a figure is a row or grid of charts, a chart is a handful of series with axes and a legend.

use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

/// Where every example leaves its picture.
const DIRECTORY: &str = "target/figures";
/// Pixels of one chart without its legend.
const CHART: (u32, u32) = (640, 420);
/// Pixels of a row of a legend.
const LEGEND_ROW: u32 = 24;
/// Colours that also those can tell apart who do not see all of them (Okabe and Ito, 2008), and grey.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(165, 165, 165),
];

/// How the numbers of an axis are spread.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    Linear,
    /// Powers of ten.
    Log,
    /// 0, 1, 2 … have names.
    Names(Vec<String>),
}

#[derive(Debug, Clone)]
struct Axis {
    label: String,
    scale: Scale,
    range: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Look {
    Line,
    Dashed,
    Dots,
}

#[derive(Debug, Clone)]
struct Series {
    label: String,
    look: Look,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

/// One chart: a title, two axes, and series, each in the next colour.
#[derive(Debug, Clone)]
pub struct Chart {
    title: String,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    colours: usize,
}

impl Chart {
    pub fn new(title: &str, x: &str, y: &str) -> Self {
        let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Linear, range: None };
        Self { title: title.to_owned(), x: axis(x), y: axis(y), series: Vec::new(), colours: 0 }
    }

    pub fn x_scale(mut self, scale: Scale) -> Self {
        self.x.scale = scale;
        self
    }

    pub fn y_scale(mut self, scale: Scale) -> Self {
        self.y.scale = scale;
        self
    }

    pub fn x_range(mut self, from: f64, to: f64) -> Self {
        self.x.range = Some((from, to));
        self
    }

    pub fn y_range(mut self, from: f64, to: f64) -> Self {
        self.y.range = Some((from, to));
        self
    }

    /// A solid line. A series whose label is empty is not in the legend.
    pub fn line(self, label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(label, Look::Line, points)
    }

    pub fn dashed(self, label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(label, Look::Dashed, points)
    }

    pub fn dots(self, label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(label, Look::Dots, points)
    }

    /// Gives the last series the colour of the series `back` before it, which belongs to it.
    pub fn same_colour(mut self, back: usize) -> Self {
        let last = self.series.len().saturating_sub(1);
        if let Some(colour) = last.checked_sub(back).and_then(|at| self.series.get(at)).map(|s| s.colour) {
            self.series[last].colour = colour;
            self.colours -= 1;
        }
        self
    }

    /// Gives the last series the colour number `colour`.
    pub fn colour(mut self, colour: usize) -> Self {
        if let Some(last) = self.series.last_mut() {
            last.colour = COLOURS[colour % COLOURS.len()];
        }
        self
    }

    fn with(mut self, label: &str, look: Look, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let to = |axis: &Axis, v: f64| if axis.scale == Scale::Log { v.log10() } else { v };
        let points = points.into_iter().map(|(x, y)| (to(&self.x, x), to(&self.y, y)));
        let points = points.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let colour = COLOURS[self.colours % COLOURS.len()];
        self.colours += 1;
        self.series.push(Series { label: label.to_owned(), look, colour, points });
        self
    }

    /// Draws into `area`, with a legend of `legend` pixels below the axes, where it covers nothing.
    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>, legend: u32) -> Result<(), Box<dyn Error>> {
        let (area, below) = area.split_vertically(area.dim_in_pixel().1 - legend);
        let (xs, ys) = (self.x.extent(self.points().map(|p| p.0)), self.ys());
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 21))
            .margin(14)
            .x_label_area_size(52)
            .y_label_area_size(76)
            .build_cartesian_2d(
                self.x.marked(xs, self.points().map(|p| p.0)),
                self.y.marked(ys, self.points().map(|p| p.1)),
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.13))
            .label_style(("sans-serif", 16))
            .axis_desc_style(("sans-serif", 18))
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .x_label_formatter(&|v| self.x.name(*v, xs.1 - xs.0))
            .y_label_formatter(&|v| self.y.name(*v, ys.1 - ys.0))
            .draw()?;
        for series in &self.series {
            let (colour, line) = (series.colour, series.colour.stroke_width(2));
            for points in series.visible(xs, ys) {
                match series.look {
                    Look::Line => {
                        chart.draw_series(LineSeries::new(points, line))?;
                    }
                    Look::Dashed => {
                        chart.draw_series(DashedLineSeries::new(points, 8, 5, line))?;
                    }
                    Look::Dots => {
                        chart.draw_series(points.into_iter().map(|p| Circle::new(p, 4, colour.filled())))?;
                    }
                }
            }
        }
        for (index, series) in self.labelled().enumerate() {
            let (column, row) = (index as u32 % self.legend_columns(), index as u32 / self.legend_columns());
            let at = (50 + column * CHART.0 / 2, row * LEGEND_ROW + LEGEND_ROW / 2);
            series.draw_key(&below, (at.0 as i32, at.1 as i32))?;
        }
        Ok(())
    }

    /// The series that the legend names.
    fn labelled(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(|series| !series.label.is_empty())
    }

    /// The height of the legend in pixels.
    fn legend(&self) -> u32 {
        (self.labelled().count() as u32).div_ceil(self.legend_columns()) * LEGEND_ROW
    }

    /// One column if a label is long, else two.
    fn legend_columns(&self) -> u32 {
        if self.labelled().any(|series| series.label.chars().count() > 30) { 1 } else { 2 }
    }

    /// The range of the vertical axis: what was asked for, and more if a dot lies outside.
    fn ys(&self) -> (f64, f64) {
        let (from, to) = self.y.extent(self.points().map(|p| p.1));
        let dots = self.series.iter().filter(|series| series.look == Look::Dots);
        let values = dots.flat_map(|series| series.points.iter().map(|p| p.1));
        let (least, most) = values.fold((from, to), |(a, b), v| (a.min(v), b.max(v)));
        let room = 0.03 * (most - least);
        (if least < from { least - room } else { from }, if most > to { most + room } else { to })
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.series.iter().flat_map(|series| series.points.iter().copied())
    }
}

impl Series {
    /// The parts of the series that lie within the ranges of the axes: points for dots, and lines that are cut where they leave.
    fn visible(&self, xs: (f64, f64), ys: (f64, f64)) -> Vec<Vec<(f64, f64)>> {
        let is_inside = |&(x, y): &(f64, f64)| (xs.0..=xs.1).contains(&x) && (ys.0..=ys.1).contains(&y);
        if self.look == Look::Dots {
            return vec![self.points.iter().copied().filter(is_inside).collect()];
        }
        let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
        for pair in self.points.windows(2) {
            let Some((from, to)) = cut(pair[0], pair[1], xs, ys) else { continue };
            match lines.last_mut() {
                Some(line) if line.last() == Some(&from) => line.push(to),
                _ => lines.push(vec![from, to]),
            }
        }
        lines
    }

    /// Draws a piece of the line and its label at `at`.
    fn draw_key(
        &self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
        (x, y): (i32, i32),
    ) -> Result<(), Box<dyn Error>> {
        let dash = |from, to| PathElement::new([(x + from, y), (x + to, y)], self.colour.stroke_width(3));
        match self.look {
            Look::Line => area.draw(&dash(0, 28))?,
            Look::Dashed => {
                [(0, 7), (11, 18), (22, 28)].into_iter().try_for_each(|(a, b)| area.draw(&dash(a, b)))?
            }
            Look::Dots => area.draw(&Circle::new((x + 14, y), 5, self.colour.filled()))?,
        }
        area.draw(&Text::new(self.label.clone(), (x + 38, y - 8), ("sans-serif", 16)))?;
        Ok(())
    }
}

/// The part of the line from `a` to `b` within the ranges, if there is one (Liang and Barsky, 1984).
fn cut(a: (f64, f64), b: (f64, f64), xs: (f64, f64), ys: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (start, way, (low, high)) in [(a.0, b.0 - a.0, xs), (a.1, b.1 - a.1, ys)] {
        let (one, other) = ((low - start) / way, (high - start) / way);
        if way == 0.0 {
            if !(low..=high).contains(&start) {
                return None;
            }
            continue;
        }
        (from, to) = (from.max(one.min(other)), to.min(one.max(other)));
    }
    let at = |t: f64| match t {
        0.0 => a,
        1.0 => b,
        _ => (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)),
    };
    (from <= to).then(|| (at(from), at(to)))
}

impl Axis {
    /// The range asked for, else one that holds every value, with a little room.
    fn extent(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        let log = |v: f64| if self.scale == Scale::Log { v.log10() } else { v };
        if let Some((from, to)) = self.range {
            return (log(from), log(to));
        }
        if let Scale::Names(names) = &self.scale {
            return (-0.5, names.len() as f64 - 0.5);
        }
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        match most - least {
            width if width > 0.0 && width.is_finite() => (least - 0.03 * width, most + 0.03 * width),
            0.0 => (least - 0.5, least + 0.5),
            _ => (0.0, 1.0),
        }
    }

    /// The range, with marks where numbers are round: whole ones if all `values` are, such as epochs.
    fn marked(&self, (from, to): (f64, f64), mut values: impl Iterator<Item = f64>) -> Marked {
        let range = RangedCoordf64::from(from..to);
        let marks = match &self.scale {
            Scale::Linear if values.all(|v| v == v.round()) => {
                range.key_points(9).into_iter().filter(|v| (v - v.round()).abs() < 1e-9).collect()
            }
            Scale::Linear => range.key_points(9),
            Scale::Log => log_marks(from, to),
            Scale::Names(names) => (0..names.len()).map(|i| i as f64).collect(),
        };
        Marked { range, marks }
    }

    /// The text at `v` on an axis of length `width`.
    fn name(&self, v: f64, width: f64) -> String {
        let whole = (v - v.round()).abs() < 1e-9;
        match &self.scale {
            Scale::Linear => {
                let digits = (2.0 - (width / 2.0).log10().floor()).clamp(0.0, 6.0) as usize;
                let text = format!("{v:.digits$}");
                let text =
                    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                if text == "-0" { "0".to_owned() } else { text.to_owned() }
            }
            Scale::Log => format!("{:.*}", (-v.floor()).max(0.0) as usize, 10f64.powf(v)),
            Scale::Names(names) if whole && v > -0.5 => {
                names.get(v.round() as usize).cloned().unwrap_or_default()
            }
            _ => String::new(),
        }
    }
}

/// A range and its marks.
struct Marked {
    range: RangedCoordf64,
    marks: Vec<f64>,
}

impl Ranged for Marked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.marks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.range()
    }
}

/// Logarithms from `from` to `to` of 1, 2, 5, 10, 20 …, or of powers of ten only where these are enough.
fn log_marks(from: f64, to: f64) -> Vec<f64> {
    let digits = if to - from < 3.0 { &[1.0, 2.0, 5.0][..] } else { &[1.0] };
    let powers = from.floor() as i32..=to.ceil() as i32;
    let marks =
        powers.flat_map(|power| digits.iter().map(move |digit| f64::from(power) + f64::log10(*digit)));
    marks.filter(|mark| (from..=to).contains(mark)).collect()
}

/// Draws `charts`, `columns` in a row, under one title into `target/figures/NAME.svg`, and returns that path.
///
/// # Errors
///
/// What keeps the file from being written.
pub fn save(name: &str, title: &str, columns: usize, charts: &[Chart]) -> Result<PathBuf, Box<dyn Error>> {
    fs::create_dir_all(DIRECTORY).map_err(|error| format!("{DIRECTORY}: {error}"))?;
    let path = Path::new(DIRECTORY).join(name).with_extension("svg");
    let rows = charts.len().div_ceil(columns);
    let legend = charts.iter().map(Chart::legend).max().unwrap_or(0);
    let size = (CHART.0 * columns as u32, (CHART.1 + legend + 10) * rows as u32 + 44);
    let figure = SVGBackend::new(&path, size).into_drawing_area();
    figure.fill(&WHITE)?;
    let grid = figure.titled(title, ("sans-serif", 26))?;
    for (area, chart) in grid.split_evenly((rows, columns)).iter().zip(charts) {
        chart.draw(area, legend + 10)?;
    }
    figure.present().map_err(|error| format!("{}: {error}", path.display()))?;
    drop((grid, figure));
    Ok(path)
}
