//! The audit and the guard.

use foredeck_engine::actions::{Guard, GuardView};
use foredeck_engine::audit::AuditVerdict;
use foredeck_engine::domain::money::decimal;
use foredeck_engine::error::Problem;
use foredeck_engine::queries::audit::{AuditPage, AuditPageArgs};

use crate::deck::Deck;
use crate::export_lines::{ExportLine, ExportWord};
use crate::facts;
use crate::fix_lines::{AuditCommand, GuardCommand};
use crate::fixes::minor;
use crate::plain::{cell, instant, plain};
use crate::print::{self, Format, Outcome, Stop};

/// Runs a command on the audit.
pub async fn run(deck: &Deck, command: &AuditCommand) -> Outcome {
    match command {
        AuditCommand::List(line) => {
            let args = AuditPageArgs {
                action: line.action.clone(),
                operator: line.by.clone(),
                limit: line.limit,
                before: line.before,
            };
            let page: AuditPage = deck.ask("audit_page", &args).await?;
            let zone = deck.store().await?.zone();
            deck.format.reply(&page, |page| {
                let rows = page.rows.iter().map(|row| {
                    vec![
                        row.seq.to_string(),
                        instant(row.at, zone),
                        cell(&row.operator),
                        row.kind.clone().unwrap_or_default(),
                        row.event.clone(),
                        cell(row.order_id.as_deref().unwrap_or("")),
                        row.action.clone().unwrap_or_default(),
                    ]
                });
                print::table(&["row", "at", "by", "what", "event", "order", "action"], &[], rows)
            })?;
            if let (Format::Text, Some(next)) = (deck.format, page.next) {
                print::note(&format!("more with --before {next}"));
            }
            Ok(())
        }
        AuditCommand::Verify => verify(deck).await,
        AuditCommand::Export { format, out } => {
            let line = ExportLine { what: ExportWord::Audit, format: *format, out: out.clone() };
            facts::export(deck, &line).await
        }
    }
}

async fn verify(deck: &Deck) -> Outcome {
    let verdict: AuditVerdict = deck.ask("audit_verify", &serde_json::json!({})).await?;
    deck.format.reply(&verdict, |verdict| {
        let mut lines = vec![format!("{} rows", verdict.rows)];
        if verdict.unkeyed > 0 {
            lines.push(format!(
                "{} rows were written without a keychain: whoever can write the file could have written them",
                verdict.unkeyed
            ));
        }
        match verdict.head_rows {
            Some(rows) => lines.push(format!("the keychain knows of {rows} rows")),
            None => lines.push("the keychain keeps no head of this audit".to_owned()),
        }
        lines.extend(verdict.head.as_ref().map(|head| format!("head {head}")));
        lines.push(if verdict.ok { "nothing is wrong".to_owned() } else { "DAMAGED".to_owned() });
        lines.join("\n")
    })?;
    match verdict.problem {
        None => Ok(()),
        Some(problem) => {
            let how = serde_json::to_value(problem.damage).unwrap_or_default();
            Err(Problem::new(
                "AUDIT_DAMAGED",
                format!("row {} of the audit is damaged: {}", problem.row, how.as_str().unwrap_or_default()),
                "Keep this file, and compare it with a backup or an exported audit.",
            )
            .into())
        }
    }
}

/// Runs a command on the guard.
pub async fn guard(deck: &Deck, command: &GuardCommand) -> Outcome {
    let view: GuardView = match command {
        GuardCommand::Show => deck.ask("guard_get", &serde_json::json!({})).await?,
        GuardCommand::Stop => deck.ask("writes_stop", &serde_json::json!({})).await?,
        GuardCommand::Set { changes } => {
            let view: GuardView = deck.ask("guard_get", &serde_json::json!({})).await?;
            let mut guard = view.guard;
            for change in changes {
                apply(&mut guard, change)?;
            }
            deck.ask("guard_set", &guard).await?
        }
    };
    deck.format.reply(&view, |view| {
        let mut lines = vec![
            format!("writing {}", if view.guard.writing { "on" } else { "off" }),
            format!("stopped {}", if view.guard.stopped { "YES" } else { "no" }),
            format!("resend {}", if view.guard.resend { "on" } else { "off" }),
            format!("mails today {} of {}", view.mails_today, view.guard.daily_mails),
        ];
        for (name, caps) in
            [("a day", &view.guard.daily_money), ("at once below admin", &view.guard.support_money)]
        {
            for (currency, cap) in caps {
                lines.push(format!("at most {} {} {name}", decimal(*cap, currency), currency.to_uppercase()));
            }
        }
        for (currency, moved) in &view.money_today {
            lines.push(format!("moved today {} {}", decimal(*moved, currency), currency.to_uppercase()));
        }
        lines.join("\n")
    })
}

fn apply(guard: &mut Guard, change: &str) -> Outcome {
    let usage = || Stop::Usage(format!("{:?} is no change of the guard", plain(change)));
    let (name, value) = change.split_once('=').ok_or_else(usage)?;
    let flag = || value.parse::<bool>().map_err(|_| usage());
    match name {
        "writing" => guard.writing = flag()?,
        "stopped" => guard.stopped = flag()?,
        "resend" => guard.resend = flag()?,
        "daily_mails" => guard.daily_mails = value.parse().map_err(|_| usage())?,
        _ => {
            let (caps, currency) = match name.split_once('.') {
                Some(("daily_money", currency)) => (&mut guard.daily_money, currency),
                Some(("support_money", currency)) => (&mut guard.support_money, currency),
                _ => return Err(usage()),
            };
            caps.insert(currency.to_ascii_lowercase(), minor(value, currency)?);
        }
    }
    Ok(())
}
