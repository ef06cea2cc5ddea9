//! A chart: a title, two axes, series and a legend.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::{Axis, Scale, is_drawable, log10};
use super::series::{Look, Series};
use super::{CHART, COLOURS, Drawn, LEGEND_ROW};

/// A chart: a title, two axes, and series, each in the next colour.
///
/// # Examples
///
/// ```
/// use gradus::plot::{Chart, Scale};
///
/// let costs = [0.9, 0.3, 0.1];
/// let curve = (1..).zip(costs).map(|(epoch, cost)| (f64::from(epoch), cost));
/// let chart = Chart::new("Learning", "epoch", "cost").y_scale(Scale::Log).line("training", curve);
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("learning.svg");
/// gradus::plot::save(&path, "A title above all charts", 1, &[chart])?;
/// # assert!(std::fs::read_to_string(&path).unwrap().contains("training"));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Chart {
    title: String,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    /// Vertical lines.
    marks: Vec<(f64, RGBColor)>,
    colours: usize,
}

impl Chart {
    /// Creates a chart without series, with the names of its axes.
    pub fn new(title: &str, x: &str, y: &str) -> Self {
        let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Linear, range: None };
        Self {
            title: title.to_owned(),
            x: axis(x),
            y: axis(y),
            series: Vec::new(),
            marks: Vec::new(),
            colours: 0,
        }
    }

    /// Spreads the numbers of the horizontal axis in this way; before the series.
    pub fn x_scale(mut self, scale: Scale) -> Self {
        self.x.scale = scale;
        self
    }

    /// Spreads the numbers of the vertical axis in this way; before the series.
    pub fn y_scale(mut self, scale: Scale) -> Self {
        self.y.scale = scale;
        self
    }

    /// Shows this range of the horizontal axis instead of all points. A range that is empty or not finite is ignored.
    pub fn x_range(mut self, from: f64, to: f64) -> Self {
        self.x.range = Some((from, to));
        self
    }

    /// Shows this range of the vertical axis instead of all points, and more only if a dot lies outside. A range that is empty or
    /// not finite is ignored.
    pub fn y_range(mut self, from: f64, to: f64) -> Self {
        self.y.range = Some((from, to));
        self
    }

    /// A solid line. A series whose label is empty is not in the legend.
    pub fn line(self, label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(label, Look::Line, points)
    }

    /// A dashed line.
    pub fn dashed(self, label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(label, Look::Dashed, points)
    }

    /// Dots without a line.
    pub fn dots(self, label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.with(label, Look::Dots, points)
    }

    /// A vertical line at `x`, for something that happened there.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::plot::{Chart, save};
    ///
    /// let costs = [(1.0, 0.9), (2.0, 0.5), (3.0, 0.6)];
    /// let chart = Chart::new("Early stopping", "epoch", "cost").line("validation", costs);
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("stopping.svg");
    /// save(&path, "", 1, &[chart.mark("best epoch", 2.0)])?;
    /// assert!(std::fs::read_to_string(&path).unwrap().contains("best epoch")); // in the legend
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn mark(mut self, label: &str, x: f64) -> Self {
        let colour = COLOURS[self.colours % COLOURS.len()];
        let before = self.series.iter().find(|series| series.label == label).map(|series| series.colour);
        let colour = before.unwrap_or(colour);
        self.marks.push((if self.x.scale == Scale::Log { log10(x) } else { x }, colour));
        if before.is_none() {
            self.colours += 1;
            // For the legend.
            self.series.push(Series {
                label: label.to_owned(),
                look: Look::Dashed,
                colour,
                points: Vec::new(),
            });
        }
        self
    }

    /// Gives the last series the colour of the series `back` before it, which belongs to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::plot::{Chart, save};
    ///
    /// let line = [(0.0, 1.0), (3.0, 7.0)];
    /// let chart = Chart::new("A fit", "x", "y").line("y = 2 x + 1", line);
    /// // The points have the colour of their line, and no entry in the legend.
    /// let chart = chart.dots("", [(1.0, 3.2), (2.0, 4.9)]).same_colour(1);
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("fit.svg");
    /// save(&path, "", 1, &[chart])?;
    /// assert!(std::fs::read_to_string(&path).unwrap().contains("circle"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn same_colour(mut self, back: usize) -> Self {
        let last = self.series.len().saturating_sub(1);
        if let Some(colour) = last.checked_sub(back).and_then(|at| self.series.get(at)).map(|s| s.colour) {
            self.series[last].colour = colour;
            self.colours = self.colours.saturating_sub(1);
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
        let to = |axis: &Axis, v: f64| if axis.scale == Scale::Log { log10(v) } else { v };
        let points = points.into_iter().map(|(x, y)| (to(&self.x, x), to(&self.y, y)));
        let points = points.filter(|(x, y)| is_drawable(*x) && is_drawable(*y)).collect();
        let colour = COLOURS[self.colours % COLOURS.len()];
        self.colours += 1;
        self.series.push(Series { label: label.to_owned(), look, colour, points });
        self
    }

    /// Draws into `area`, with a legend of `legend` pixels below the axes, where it covers nothing.
    pub(super) fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, legend: u32) -> Drawn<B> {
        let (area, below) = area.split_vertically(area.dim_in_pixel().1.saturating_sub(legend));
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
        for (x, colour) in &self.marks {
            if (xs.0..=xs.1).contains(x) {
                chart.draw_series(DashedLineSeries::new(
                    [(*x, ys.0), (*x, ys.1)],
                    3,
                    4,
                    colour.mix(0.7).stroke_width(2),
                ))?;
            }
        }
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
    pub(super) fn legend(&self) -> u32 {
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
