//! The back office: the shop's own tables, as the handlers behind its webhook endpoints would have written them.
//!
//! They are made anew from the world whenever somebody asks, first without a fault and then, where a seed asks for it,
//! with faults at places drawn from that seed. What was planted is listed, so that a reconciliation can be held
//! against it. Beside the faults stand cases that only look like one.

mod draft;
mod plant;
mod rows;
mod spending;

pub use plant::{Fault, Faults, Planted};
pub use rows::{PreorderRow, PurchaseRow, Table, UsageRow, UserRow, WalletEntryRow, WalletRow};

use crate::world::World;
use draft::Draft;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Every table of the shop at one instant, each in its own order.
#[derive(Debug, Clone, PartialEq)]
pub struct Books {
    /// One row for each payment that a handler applied, by time.
    pub purchases: Vec<PurchaseRow>,
    /// One row for each owner of credits, by owner.
    pub wallets: Vec<WalletRow>,
    /// Everything that moved a balance, by time.
    pub wallet_entries: Vec<WalletEntryRow>,
    /// Everybody with an account, by time.
    pub users: Vec<UserRow>,
    /// Pictures rendered, by user, day and model.
    pub usage_daily: Vec<UsageRow>,
    /// Preorders, by time.
    pub preorders: Vec<PreorderRow>,
    planted: Vec<Planted>,
}

impl Books {
    /// The shop's tables at the world's now. The same world and the same faults give the same books.
    pub fn of(world: &World, faults: &Faults) -> Books {
        let mut draft = Draft::of(world);
        let planted = plant::plant(world, &mut draft, faults);
        draft.close(planted)
    }

    /// What was planted: by fault, then in the order in which places were drawn.
    pub fn planted(&self) -> &[Planted] {
        &self.planted
    }

    /// A table as CSV with a line of column names: commas, LF, quotes where needed, empty for null, instants as RFC 3339.
    pub fn csv(&self, table: Table) -> String {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        writer.write_record(table.columns()).expect("writing to memory cannot fail");
        match table {
            Table::Purchases => csv_rows(&mut writer, &self.purchases),
            Table::Wallets => csv_rows(&mut writer, &self.wallets),
            Table::WalletEntries => csv_rows(&mut writer, &self.wallet_entries),
            Table::Users => csv_rows(&mut writer, &self.users),
            Table::UsageDaily => csv_rows(&mut writer, &self.usage_daily),
            Table::Preorders => csv_rows(&mut writer, &self.preorders),
        }
        let bytes = writer.into_inner().expect("writing to memory cannot fail");
        String::from_utf8(bytes).expect("rows are text")
    }

    /// A table as one JSON object a line, with the same names as the CSV.
    pub fn jsonl(&self, table: Table) -> String {
        match table {
            Table::Purchases => json_lines(&self.purchases),
            Table::Wallets => json_lines(&self.wallets),
            Table::WalletEntries => json_lines(&self.wallet_entries),
            Table::Users => json_lines(&self.users),
            Table::UsageDaily => json_lines(&self.usage_daily),
            Table::Preorders => json_lines(&self.preorders),
        }
    }

    /// What was planted, as one JSON object a line.
    pub fn planted_jsonl(&self) -> String {
        json_lines(&self.planted)
    }

    /// Writes every table into a folder, as CSV and as JSONL, and beside them `planted.jsonl`.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for table in Table::ALL {
            std::fs::write(folder.join(format!("{}.csv", table.name())), self.csv(table))?;
            std::fs::write(folder.join(format!("{}.jsonl", table.name())), self.jsonl(table))?;
        }
        std::fs::write(folder.join("planted.jsonl"), self.planted_jsonl())
    }
}

impl Draft {
    /// Counts the wallets out, puts every table in its order.
    fn close(mut self, planted: Vec<Planted>) -> Books {
        let mut wallets: BTreeMap<String, WalletRow> = BTreeMap::new();
        for entry in &self.entries {
            let wallet = wallets.entry(entry.owner.clone()).or_insert_with(|| WalletRow {
                user_id: entry.user_id.clone(),
                email: entry.email.clone(),
                balance: self.drift.get(&entry.owner).copied().unwrap_or_default(),
                granted: 0,
            });
            wallet.balance += entry.credits;
            wallet.granted += if entry.kind == "grant" { entry.credits } else { 0 };
        }
        self.purchases.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        self.entries.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        self.users.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Books {
            purchases: self.purchases,
            wallets: wallets.into_values().collect(),
            wallet_entries: self.entries,
            users: self.users,
            usage_daily: self.usage,
            preorders: self.preorders,
            planted,
        }
    }
}

fn csv_rows<T: Serialize>(writer: &mut csv::Writer<Vec<u8>>, rows: &[T]) {
    for row in rows {
        writer.serialize(row).expect("writing to memory cannot fail");
    }
}

fn json_lines<T: Serialize>(rows: &[T]) -> String {
    let mut lines = String::new();
    for row in rows {
        lines.push_str(&serde_json::to_string(row).expect("rows are plain data"));
        lines.push('\n');
    }
    lines
}
