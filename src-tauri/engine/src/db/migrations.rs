//! The list of migrations, forward only. `PRAGMA user_version` counts them.

/// Name and text of each migration, in order.
pub const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_facts.sql", include_str!("../../../../migrations/0001_facts.sql")),
    ("0002_imports.sql", include_str!("../../../../migrations/0002_imports.sql")),
    ("0003_webhooks.sql", include_str!("../../../../migrations/0003_webhooks.sql")),
    ("0004_findings.sql", include_str!("../../../../migrations/0004_findings.sql")),
    ("0005_actions.sql", include_str!("../../../../migrations/0005_actions.sql")),
    ("0006_klaviyo.sql", include_str!("../../../../migrations/0006_klaviyo.sql")),
    ("0007_klaviyo_events.sql", include_str!("../../../../migrations/0007_klaviyo_events.sql")),
    ("0008_reports.sql", include_str!("../../../../migrations/0008_reports.sql")),
];

/// The schema version of a file that has seen every migration.
pub const fn latest_version() -> i64 {
    MIGRATIONS.len() as i64
}
