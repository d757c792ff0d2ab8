//! A row of a file in its normal form: every value read exactly, or the row is bad and says why.

use chrono_tz::Tz;

use super::error::BadValue;
use super::fields::{Field, needed_of};
use super::source::Cells;
use super::values;
use super::{BadRow, Mapping};
use crate::domain::email;
use crate::domain::money::exponent;
use crate::domain::shop::{ShopKind, ShopRow};

/// Longest text of one value, in bytes.
const MAX_TEXT: usize = 2_000;

/// Makes rows normal under a mapping.
pub struct Normal<'a> {
    mapping: &'a Mapping,
    zone: Tz,
    columns: Vec<(Field, usize)>,
}

impl<'a> Normal<'a> {
    /// Reads times without a zone in the store's.
    pub fn new(mapping: &'a Mapping, zone: Tz) -> Self {
        let columns =
            mapping.fields.iter().filter_map(|mapped| Some((mapped.field, mapped.column?))).collect();
        Self { mapping, zone, columns }
    }

    /// Reads one row.
    ///
    /// # Errors
    /// A value cannot be read, or one that every row needs is not there.
    pub fn row(&self, cells: &Cells, line: u64) -> Result<ShopRow, BadRow> {
        self.read(cells).map_err(|bad| BadRow {
            line,
            column: bad.field.and_then(|field| self.mapping.column_of(field)).map(str::to_owned),
            code: bad.code,
            message: bad.message,
        })
    }

    fn read(&self, cells: &Cells) -> Result<ShopRow, BadValue> {
        let mut row = ShopRow::default();
        let (mut major, mut minor, mut signed) = (None, None, false);
        for (field, place) in &self.columns {
            let text = cells.0[*place].trim();
            if matches!(text, "" | "NULL" | "null" | "\\N") {
                continue;
            }
            match field {
                Field::Amount => major = Some(text),
                Field::AmountMinor => minor = Some(text),
                _ => {
                    signed |= *field == Field::Credits && text.starts_with('+');
                    self.set(&mut row, *field, text).map_err(|bad| of(*field, bad))?;
                }
            }
        }
        self.amount(&mut row, major, minor)?;
        for group in needed_of(self.mapping.kind) {
            if !group.iter().any(|field| is_set(&row, *field)) {
                let names: Vec<&str> = group.iter().map(|field| field.as_str()).collect();
                let missing = BadValue::new("MISSING", format!("the row has no {}", names.join(" or ")));
                let first = group.iter().find(|field| self.mapping.column_of(**field).is_some());
                return Err(BadValue { field: first.copied(), ..missing });
            }
        }
        settle(self.mapping, &mut row, signed);
        Ok(row)
    }

    fn set(&self, row: &mut ShopRow, field: Field, text: &str) -> Result<(), BadValue> {
        match field {
            Field::Credits => row.credits = Some(values::whole(text)?),
            Field::Clawed => row.clawed = Some(values::whole(text)?.saturating_abs()),
            Field::Balance => row.balance = Some(values::whole(text)?),
            Field::Granted => row.granted = Some(values::whole(text)?),
            Field::Count => row.count = Some(values::whole(text)?),
            Field::At => row.at = Some(values::instant(text, self.zone)?),
            Field::Day => row.day = Some(values::day(text, self.zone)?),
            Field::Applied => row.applied = Some(values::flag(text)?),
            Field::Email => row.email = Some(address(text)?),
            Field::Currency => row.currency = Some(currency(text)?),
            Field::PaymentIntent | Field::Session | Field::Charge => {
                let id = words(text, false)?;
                let place = place_of(row, field, &id);
                *place = Some(id);
            }
            Field::Id => row.id = Some(words(text, false)?),
            Field::PreorderId => row.preorder_id = Some(words(text, false)?),
            Field::EventId => row.event_id = Some(words(text, false)?),
            Field::UserId => row.user_id = Some(words(text, false)?),
            Field::Name => row.name = Some(words(text, true)?),
            Field::Plan => row.plan = Some(words(text, false)?),
            Field::Status => row.status = Some(words(text, false)?.to_lowercase()),
            Field::Endpoint => row.endpoint = Some(words(text, false)?),
            Field::Kind => row.kind = Some(words(text, false)?),
            Field::Note => row.note = Some(words(text, true)?),
            Field::Color => row.color = Some(words(text, false)?),
            Field::Locale => row.locale = Some(words(text, false)?),
            Field::Source => row.source = Some(words(text, false)?),
            Field::Label => row.label = Some(words(text, false)?),
            Field::Amount | Field::AmountMinor => {}
        }
        Ok(())
    }

    fn amount(&self, row: &mut ShopRow, major: Option<&str>, minor: Option<&str>) -> Result<(), BadValue> {
        if let Some(text) = minor {
            row.amount = Some(values::whole(text).map_err(|bad| of(Field::AmountMinor, bad))?);
        } else if let Some(text) = major {
            let Some(currency) = &row.currency else {
                let bad = BadValue::new("NO_CURRENCY", "the row has an amount and no currency");
                return Err(of(Field::Amount, bad));
            };
            let read = values::money(text, exponent(currency));
            row.amount = Some(read.map_err(|bad| of(Field::Amount, bad))?);
        }
        Ok(())
    }
}

fn of(field: Field, bad: BadValue) -> BadValue {
    BadValue { field: Some(field), ..bad }
}

fn is_set(row: &ShopRow, field: Field) -> bool {
    match field {
        Field::Id => row.id.is_some(),
        Field::PreorderId => row.preorder_id.is_some(),
        Field::PaymentIntent => row.payment_intent.is_some(),
        Field::Session => row.session.is_some(),
        Field::Charge => row.charge.is_some(),
        Field::EventId => row.event_id.is_some(),
        Field::UserId => row.user_id.is_some(),
        Field::Email => row.email.is_some(),
        Field::Credits => row.credits.is_some(),
        Field::Balance => row.balance.is_some(),
        Field::Day => row.day.is_some(),
        Field::Count => row.count.is_some(),
        _ => true,
    }
}

/// Where an id of Stripe belongs: what it says of itself counts more than the column it stands in.
fn place_of<'a>(row: &'a mut ShopRow, field: Field, id: &str) -> &'a mut Option<String> {
    match (id.split('_').next(), field) {
        (Some("pi"), _) => &mut row.payment_intent,
        (Some("cs"), _) => &mut row.session,
        (Some("ch" | "py"), _) | (_, Field::Charge) => &mut row.charge,
        (_, Field::Session) => &mut row.session,
        _ => &mut row.payment_intent,
    }
}

fn words(text: &str, lines: bool) -> Result<String, BadValue> {
    if text.len() > MAX_TEXT {
        return Err(BadValue::new("TOO_LONG", format!("the text is longer than {MAX_TEXT} bytes")));
    }
    let bad = |c: char| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'));
    if text.contains(bad) {
        return Err(BadValue::new("CONTROL_CHARACTER", "the text holds a control character"));
    }
    Ok(text.to_owned())
}

fn address(text: &str) -> Result<String, BadValue> {
    let bad = || BadValue::new("BAD_EMAIL", format!("{} is not an e-mail address", values::shorten(text)));
    email::normalize(text).ok_or_else(bad)
}

fn currency(text: &str) -> Result<String, BadValue> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_lowercase());
    }
    let message = format!("{} is not a currency's three letters", values::shorten(text));
    Err(BadValue::new("BAD_CURRENCY", message))
}

/// What kinds of row mean by their words: whether a purchase was applied, what an entry is and which way it goes. `signed`: its credits
/// stand with a plus.
fn settle(mapping: &Mapping, row: &mut ShopRow, signed: bool) {
    match mapping.kind {
        ShopKind::Purchases => {
            let waits = row.status.as_deref().is_some_and(says_not_applied);
            let denied = row.applied == Some(false);
            row.applied = (waits || denied).then_some(false);
        }
        ShopKind::WalletEntries => {
            let credits = row.credits.unwrap_or(0);
            // A refund takes credits back with the money, but one with a plus gives back what was spent.
            let gives = |word: &str| signed && is_refund(word);
            let told =
                row.kind.as_deref().map(|word| if gives(word) { "adjustment" } else { entry_kind(word) });
            // Without a word the sign says it.
            let kind = told.unwrap_or(if credits < 0 { "spend" } else { "grant" });
            if told.is_some() && matches!(kind, "spend" | "clawback") {
                row.credits = Some(credits.checked_abs().map_or(credits, |size| -size));
            }
            row.kind = Some(kind.to_owned());
        }
        _ => {}
    }
}

fn says_not_applied(status: &str) -> bool {
    const WORDS: [&str; 22] = [
        "pending",
        "processing",
        "unpaid",
        "open",
        "created",
        "initiated",
        "incomplete",
        "failed",
        "failure",
        "error",
        "declined",
        "canceled",
        "cancelled",
        "expired",
        "void",
        "待支付",
        "未支付",
        "处理中",
        "失败",
        "支付失败",
        "已取消",
        "取消",
    ];
    WORDS.contains(&status)
}

fn is_refund(word: &str) -> bool {
    matches!(word.trim().to_lowercase().as_str(), "refund" | "refunded" | "退款")
}

fn entry_kind(word: &str) -> &'static str {
    let plain: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match plain.as_str() {
        "grant" | "granted" | "credit" | "purchase" | "topup" | "recharge" | "bonus" | "gift" | "deposit"
        | "充值" | "购买" | "发放" | "赠送" => "grant",
        "spend" | "spent" | "debit" | "usage" | "use" | "consume" | "consumed" | "consumption" | "deduct"
        | "deduction" | "generation" | "消费" | "扣除" | "使用" | "消耗" | "扣减" => "spend",
        "clawback" | "clawedback" | "refund" | "refunded" | "revoke" | "revoked" | "chargeback"
        | "dispute" | "退款" | "追回" | "扣回" | "撤销" => "clawback",
        "adjustment" | "adjust" | "adjusted" | "correction" | "manual" | "admin" | "调整" | "人工调整" => {
            "adjustment"
        }
        _ => "other",
    }
}
