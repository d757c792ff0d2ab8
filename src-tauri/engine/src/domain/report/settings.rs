//! The settings of report syncs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::super::klaviyo::ReportKind;

/// Who syncs reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReportEngine {
    /// Foredeck reads Klaviyo's reporting API into the mirror.
    #[default]
    Local,
    /// The shop's report server is told, and does it.
    Server,
}

impl ReportEngine {
    /// The word as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Server => "server",
        }
    }
}

/// Whether and how often a kind is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ReportPace {
    /// It is synced by itself.
    pub on: bool,
    /// Hours from sync to sync, 1 to 720.
    pub every_h: u32,
}

/// How reports are synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ReportSettings {
    /// Who does it.
    pub engine: ReportEngine,
    /// Campaigns.
    pub campaigns: ReportPace,
    /// Flows.
    pub flows: ReportPace,
    /// Segments.
    pub segments: ReportPace,
    /// Forms.
    pub forms: ReportPace,
    /// Days before the last sync that are read again, because orders are attributed to a send days after it; 1 to 90.
    pub look_back_days: u32,
    /// Days that a first sync goes back at most, 30 to 3650.
    pub history_days: u32,
    /// Klaviyo's daily number of reports is taken to be one for all endpoints, and not one for each.
    pub shared_budget: bool,
    /// Base URL of the shop's report server; null for `FOREDECK_REPORT_SERVER`, else `http://localhost:8001`.
    pub server_url: Option<String>,
    /// The header that carries its key; in `Authorization` it goes as `Bearer`.
    pub server_key_header: String,
}

impl Default for ReportSettings {
    fn default() -> Self {
        let every = |every_h| ReportPace { on: true, every_h };
        Self {
            engine: ReportEngine::Local,
            campaigns: every(24),
            flows: every(48),
            segments: every(24),
            forms: every(48),
            look_back_days: 5,
            history_days: 1_825,
            shared_budget: false,
            server_url: None,
            server_key_header: "Authorization".to_owned(),
        }
    }
}

impl ReportSettings {
    /// Whether and how often a kind is synced.
    pub const fn pace(&self, kind: ReportKind) -> ReportPace {
        match kind {
            ReportKind::Campaigns => self.campaigns,
            ReportKind::Flows => self.flows,
            ReportKind::Segments => self.segments,
            ReportKind::Forms => self.forms,
        }
    }

    /// Why they cannot be; None where they can.
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        let paces = ReportKind::ALL.map(|kind| self.pace(kind));
        if paces.iter().any(|pace| !(1..=720).contains(&pace.every_h)) {
            return Some(("the hours between report syncs are out of range", "Give 1 to 720 hours."));
        }
        if !(1..=90).contains(&self.look_back_days) {
            return Some(("the days that reports look back are out of range", "Give 1 to 90 days."));
        }
        if !(30..=3_650).contains(&self.history_days) {
            return Some(("the days of a first report sync are out of range", "Give 30 to 3650 days."));
        }
        let name = self.server_key_header.as_str();
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if name.is_empty() || name.len() > 60 || !plain {
            return Some((
                "the header of the report server's key is none",
                "Give a header's name, such as Authorization or X-Api-Key.",
            ));
        }
        None
    }
}
