//! A dictionary that numbers the texts of a column.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::data::columns::lossy;
use crate::error::TableProblem;

/// The different texts of a column, numbered in the order in which they occur.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Dictionary {
    /// Returns the number of `text`, a new one if the text has not occurred before.
    pub fn number(&mut self, text: &[u8]) -> Result<u32, TableProblem> {
        let text = std::str::from_utf8(text).map_err(|_| TableProblem::NotUtf8 { value: lossy(text) })?;
        if let Some(&number) = self.numbers.get(text) {
            return Ok(number);
        }
        let number = self.names.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.names.push(text.to_owned());
        Ok(number)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the text of a number.
    pub fn name(&self, number: usize) -> String {
        self.names.get(number).cloned().unwrap_or_default()
    }

    /// Returns the sorted texts, and for each number the index of its text among them. The sorted order does not depend
    /// on the order of the rows.
    pub fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|&a, &b| compare(&self.names[a], &self.names[b]));
        let mut places = vec![0; order.len()];
        for (place, &number) in order.iter().enumerate() {
            places[number] = place as u32;
        }
        (order.into_iter().map(|number| self.names[number].clone()).collect(), places)
    }
}

/// Orders numbers before texts, numbers by value, and texts alphabetically.
fn compare(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}
