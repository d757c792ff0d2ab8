//! Files of the shop's own rows: what they are written in, which column is which field, and each row made normal.
//!
//! In: a CSV or JSONL file as the shop's database or a spreadsheet wrote it. Out: rows one at a time, with the line
//! each stood on, or why it is none. Deliberately absent: what is stored already, and holding a file in memory.

mod csv_rows;
mod decode;
mod error;
mod fields;
mod headers;
mod jsonl;
mod mapping;
mod normal;
mod runs;
mod source;
mod values;

pub use error::{BadRow, FileError};
pub use fields::{Field, fields_of};
pub use mapping::{Mapped, Mapping, Saved};
pub use normal::Normal;
pub use source::{Cells, FileFormat, Opened, Rows, open};
