//! Watching a run from outside: files that grow with every epoch, and closures.
//!
//! | observer | writes |
//! |---|---|
//! | [`CsvLog`] | a CSV table with a line for each epoch, for spreadsheets and pandas |
//! | [`JsonLines`] | a JSON object in a line for each epoch, for log collectors and `jq` |
//! | [`TensorBoard`] | an event file, which TensorBoard draws while the run goes on |
//! | [`each_epoch`] | nothing: it calls a closure |
//!
//! The files hold the whole run, also if it is [resumed](crate::trainer::Trainer::resume): the first epoch that a log is told of replaces
//! the file by one of all epochs so far, and each later epoch is appended and flushed. If the file was moved or removed in the meantime,
//! the next epoch writes it anew with all epochs. A run that ends before its first epoch does leaves no file, or the one that was there. A log that cannot be written does not
//! end the run: the report has a [`Warning`](crate::trainer::Warning) that says from which epoch on the file lacks records. Use one log per
//! run at a time, and one file per log.

mod closure;
mod csv_log;
mod epoch_file;
mod json_lines;
mod tensor_board;

pub use closure::{EachEpoch, each_epoch};
pub use csv_log::CsvLog;
pub use json_lines::JsonLines;
pub use tensor_board::TensorBoard;
