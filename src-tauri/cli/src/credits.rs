//! Purchases, wallets and reconciliation.

use foredeck_engine::api::types::WalletAdjustArgs;
use foredeck_engine::domain::money::decimal;
use foredeck_engine::queries::credits::payment::{PurchaseSheet, PurchaseSheetArgs};
use foredeck_engine::queries::credits::purchases::{PurchasePage, PurchasePageArgs, PurchaseRow};
use foredeck_engine::queries::credits::reconcile::{CurrencyTotal, ReconcileArgs, Reconciliation};
use foredeck_engine::queries::credits::status::{PurchaseAnswer, PurchaseStatusArgs};
use foredeck_engine::queries::credits::wallets::{
    WalletEntry, WalletPage, WalletPageArgs, WalletRow, WalletSheet, WalletSheetArgs, WalletSort,
};

use crate::credit_lines::{AdjustLine, CreditCommand, PurchasesLine, ReconcileLine, WalletsLine};
use crate::deck::Deck;
use crate::plain::{cell, instant, maybe, plain};
use crate::plans;
use crate::print::{self, Format, Outcome};

/// Runs a command on credits.
pub async fn run(deck: &Deck, command: &CreditCommand) -> Outcome {
    match command {
        CreditCommand::Plans(command) => plans::run(deck, command).await,
        CreditCommand::Purchases(line) => purchases(deck, line).await,
        CreditCommand::Purchase { id } => purchase(deck, id).await,
        CreditCommand::PurchaseStatus { id } => status(deck, id).await,
        CreditCommand::Wallets(line) => wallets(deck, line).await,
        CreditCommand::Wallet { owner } => wallet(deck, owner).await,
        CreditCommand::WalletAdjust(line) => adjust(deck, line).await,
        CreditCommand::Reconcile(line) => reconcile(deck, line).await,
    }
}

async fn purchases(deck: &Deck, line: &PurchasesLine) -> Outcome {
    let args = PurchasePageArgs {
        status: line.status,
        coverage: line.coverage,
        plan: line.plan.clone(),
        search: line.search.clone(),
        limit: line.limit,
        after: line.after.clone(),
    };
    let page: PurchasePage = deck.ask("purchase_page", &args).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&page, |page| {
        let rows = page.rows.iter().map(|row| {
            vec![
                instant(row.at, zone),
                row.status.as_str().to_owned(),
                maybe(row.owner.as_deref()),
                match &row.plan {
                    Some(plan) => cell(plan),
                    // Without a plan table nothing is called unmapped.
                    None if page.has_plans => row.coverage.as_str().to_owned(),
                    None => "-".to_owned(),
                },
                row.credits.to_string(),
                (row.reversed - row.clawed).to_string(),
                money(row),
                plain(&row.payment_id),
            ]
        });
        let heads =
            ["PAID OR STARTED", "STATUS", "OWNER", "PLAN", "CREDITS", "TAKEN BACK", "AMOUNT", "PAYMENT"];
        print::table(&heads, &[4, 5, 6], rows)
    })?;
    more(deck, page.next.as_deref());
    if page.has_plans || deck.format == Format::Json {
        return Ok(());
    }
    print::note("there is no plan table yet, so no payment buys credits: see foredeckctl plans import");
    Ok(())
}

fn money(row: &PurchaseRow) -> String {
    match (row.amount_minor, &row.currency) {
        (Some(minor), Some(currency)) => format!("{} {}", decimal(minor, currency), cell(currency)),
        _ => "-".to_owned(),
    }
}

fn more(deck: &Deck, next: Option<&str>) {
    if let (Format::Text, Some(next)) = (deck.format, next) {
        print::note(&format!("more with --after {next}"));
    }
}

async fn purchase(deck: &Deck, id: &str) -> Outcome {
    let sheet: PurchaseSheet = deck.ask("purchase_sheet", &PurchaseSheetArgs { id: id.to_owned() }).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&sheet, |sheet| {
        let row = &sheet.purchase;
        let mut text = format!(
            "{}  {}  {}\nowner     {}\nbuys      {}\nby        {}\ncredits   {} granted, {} clawed back, {} reversed\n",
            plain(&row.payment_id),
            row.status.as_str(),
            money(row),
            maybe(row.owner.as_deref()),
            row.plan.as_deref().map_or_else(|| row.coverage.as_str().to_owned(), cell),
            maybe(row.rule.as_deref()),
            row.credits,
            row.clawed,
            row.reversed
        );
        text.push_str(&format!(
            "event     {}\npreorder  {}\n\nCLAIMS\n",
            maybe(row.stripe_event_id.as_deref()),
            maybe(row.preorder_id.as_deref())
        ));
        let claims = sheet.claims.iter().map(|claim| {
            let place = match (claim.batch, claim.line) {
                (Some(batch), Some(line)) => format!("batch {batch}, line {line}"),
                _ => maybe(claim.about.as_deref()),
            };
            vec![
                claim.at.map_or("-".to_owned(), |at| instant(at, zone)),
                cell(&claim.by),
                maybe(claim.what.as_deref()),
                maybe(claim.endpoint.as_deref()),
                claim.credits.map_or("-".to_owned(), |credits| credits.to_string()),
                place,
                maybe(claim.id.as_deref()),
            ]
        });
        text.push_str(&print::table(
            &["AT", "BY", "WHAT", "ENDPOINT", "CREDITS", "ABOUT", "ID"],
            &[4],
            claims,
        ));
        text.push_str("\n\nENTRIES\n");
        text.push_str(&ledger(&sheet.entries, zone));
        text
    })
}

async fn status(deck: &Deck, id: &str) -> Outcome {
    let answer: PurchaseAnswer =
        deck.ask("purchase_status", &PurchaseStatusArgs { id: id.to_owned() }).await?;
    deck.format.reply(&answer, |answer| {
        let status = serde_json::to_value(answer.status).ok();
        let mut text = status.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned();
        if let Some(wallet) = &answer.wallet {
            text.push_str(&format!("\nwallet of {}: {} credits", cell(&wallet.owner), wallet.balance));
        }
        if let Some(applied) = answer.purchase_applied {
            text.push_str(if applied { "\napplied by the shop" } else { "\nnot applied by the shop" });
        }
        text
    })
}

async fn wallets(deck: &Deck, line: &WalletsLine) -> Outcome {
    let args = WalletPageArgs {
        search: line.search.clone(),
        negative: line.negative,
        sort: if line.by_balance { WalletSort::Balance } else { WalletSort::Owner },
        ascending: line.ascending,
        limit: line.limit,
        after: line.after.clone(),
    };
    let page: WalletPage = deck.ask("wallet_page", &args).await?;
    deck.format.reply(&page, |page| {
        print::table(&WALLET_HEADS, &[1, 2, 3, 4, 5, 6], page.rows.iter().map(wallet_cells))
    })?;
    more(deck, page.next.as_deref());
    spending_note(deck, page.spending_known);
    Ok(())
}

const WALLET_HEADS: [&str; 7] =
    ["OWNER", "GRANTED", "CLAWED BACK", "REVERSED", "SPENT", "ADJUSTED", "BALANCE"];

fn wallet_cells(row: &WalletRow) -> Vec<String> {
    let numbers = [row.granted, row.clawed, row.reversed, row.spent, row.adjusted, row.balance];
    std::iter::once(plain(&row.owner)).chain(numbers.map(|number| number.to_string())).collect()
}

fn spending_note(deck: &Deck, known: bool) {
    if !known && deck.format == Format::Text {
        print::note("spending is not known: no wallet entries of the shop were imported");
    }
}

async fn wallet(deck: &Deck, owner: &str) -> Outcome {
    let sheet: WalletSheet = deck.ask("wallet_sheet", &WalletSheetArgs { owner: owner.to_owned() }).await?;
    show_wallet(deck, &sheet).await
}

async fn show_wallet(deck: &Deck, sheet: &WalletSheet) -> Outcome {
    let zone = deck.store().await?.zone();
    deck.format.reply(sheet, |sheet| {
        let mut text =
            print::table(&WALLET_HEADS, &[1, 2, 3, 4, 5, 6], std::iter::once(wallet_cells(&sheet.wallet)));
        for email in &sheet.emails {
            text.push_str(&format!("\ne-mail    {}", plain(email)));
        }
        if let Some(shop) = &sheet.shop {
            text.push_str(&format!("\nthe shop's own wallet holds {} credits", shop.balance));
        }
        text.push_str("\n\n");
        text.push_str(&ledger(&sheet.ledger, zone));
        text
    })?;
    spending_note(deck, sheet.spending_known);
    Ok(())
}

fn ledger(entries: &[WalletEntry], zone: chrono_tz::Tz) -> String {
    let rows = entries.iter().map(|entry| {
        vec![
            entry.at.map_or("-".to_owned(), |at| instant(at, zone)),
            entry.kind.as_str().to_owned(),
            format!("{:+}", entry.credits),
            plain(&entry.cause),
            maybe(entry.note.as_deref()),
        ]
    });
    print::table(&["AT", "KIND", "CREDITS", "CAUSE", "NOTE"], &[2], rows)
}

async fn adjust(deck: &Deck, line: &AdjustLine) -> Outcome {
    let args =
        WalletAdjustArgs { owner: line.owner.clone(), credits: line.credits, reason: line.reason.clone() };
    let sheet: WalletSheet = deck.ask("wallet_adjust", &args).await?;
    show_wallet(deck, &sheet).await
}

async fn reconcile(deck: &Deck, line: &ReconcileLine) -> Outcome {
    let args =
        ReconcileArgs { kind: line.kind, owner: line.owner.clone(), limit: line.limit, offset: line.offset };
    let found: Reconciliation = deck.ask("reconcile", &args).await?;
    deck.format.reply(&found, |found| {
        let rows = found.rows.iter().map(|row| {
            vec![
                row.kind.as_str().to_owned(),
                maybe(row.owner.as_deref()),
                row.expected.to_string(),
                row.found.to_string(),
                plain(&row.why),
                row.row.as_ref().map_or("-".to_owned(), |row| format!("{}:{}", row.batch, row.line)),
                maybe(row.payment_id.as_deref()),
            ]
        });
        let mut text = print::table(
            &["KIND", "OWNER", "EXPECTED", "FOUND", "WHY", "BATCH:LINE", "PAYMENT"],
            &[2, 3],
            rows,
        );
        text.push_str("\n\n");
        let totals = found.totals.iter().map(|total| {
            vec![
                total.kind.as_str().to_owned(),
                total.count.to_string(),
                format!("{:+}", total.credits),
                sums(&total.money),
            ]
        });
        text.push_str(&print::table(&["TOTAL", "COUNT", "CREDITS", "MONEY"], &[1, 2], totals));
        let sides = &found.sides;
        text.push_str(&format!(
            "\n\npaid at Stripe for credits  {}\ngranted by the plan table   {}, {} of it clawed back\napplied by the shop         {}\nthe shop's wallets          {}\nwallets by the facts        {}",
            sums(&sides.paid),
            sides.granted,
            sides.clawed,
            sides.applied,
            sides.shop_balance,
            sides.balance
        ));
        text
    })?;
    if deck.format == Format::Text {
        unjudged(&found);
    }
    Ok(())
}

fn unjudged(found: &Reconciliation) {
    let imported = [
        (found.imported.purchases, "purchases"),
        (found.imported.wallets, "wallets"),
        (found.imported.wallet_entries, "wallet_entries, so spending is not known"),
        (found.imported.users, "users"),
    ];
    for (_, what) in imported.iter().filter(|(there, _)| !there) {
        print::note(&format!("not compared: no {what}; see foredeckctl import"));
    }
    if !found.has_plans {
        print::note(
            "not compared: credits of payments; there is no plan table, see foredeckctl plans import",
        );
    }
    if found.unmapped > 0 {
        print::note(&format!(
            "{} payments are covered by no rule; see foredeckctl plans list",
            found.unmapped
        ));
    }
    if found.since_import > 0 {
        print::note(&format!("{} payments are newer than the shop's purchases", found.since_import));
    }
}

fn sums(totals: &[CurrencyTotal]) -> String {
    let one = |total: &CurrencyTotal| {
        format!("{} {}", decimal(total.minor, &total.currency), cell(&total.currency))
    };
    let all: Vec<String> = totals.iter().map(one).collect();
    if all.is_empty() { "-".to_owned() } else { all.join(", ") }
}
