//! A look at the account's products and prices, to fill a plan table from.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbResult, rusqlite};
use crate::domain::kind::Kind;
use crate::domain::plan::{MAX_CREDITS, PlanBy, PlanRule};
use crate::domain::settings::MetadataNames;
use crate::domain::wire::{Flag, Int, Metadata, Ref, Text};
use crate::facts::names::{Key, find_key};
use crate::facts::settings::get_settings;
use crate::projections::schema::require_current;
use crate::queries::stored_json::find_stored;

/// Most prices that are looked at.
const MOST: i64 = 1_000;

/// A price of the account, and the rule that it suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CataloguePrice {
    /// Price id.
    pub price: String,
    /// Product id.
    pub product: Option<String>,
    /// The product's name.
    pub product_name: Option<String>,
    /// The price's nickname.
    pub nickname: Option<String>,
    /// Lookup key.
    pub lookup_key: Option<String>,
    /// Minor units.
    pub amount_minor: Option<i64>,
    /// Lower-case currency.
    pub currency: Option<String>,
    /// Whether it can be bought now.
    pub active: bool,
    /// A rule of the plan table covers it already.
    pub covered: bool,
    /// The rule that its metadata, or its product's, suggests; null where they name no credits.
    pub suggestion: Option<PlanRule>,
}

/// The account's prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Catalogue {
    /// By product, then by price; 1000 at most.
    pub prices: Vec<CataloguePrice>,
}

/// Looks at the products and prices in the mirror.
///
/// # Errors
/// Stale projections; a failed read.
pub fn catalogue(connection: &Connection) -> DbResult<Catalogue> {
    require_current(connection)?;
    let (_, settings) = get_settings(connection)?;
    let mut statement =
        connection.prepare_cached("SELECT key FROM stripe_id WHERE kind = ?1 ORDER BY key LIMIT ?2")?;
    let keys: Vec<Key> = statement
        .query_map([Kind::Price as i64, MOST], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut prices = Vec::new();
    for key in keys {
        if let Some(stored) = find_stored(connection, key)? {
            prices.extend(read_price(connection, &stored.json, &settings.metadata, &settings.plans)?);
        }
    }
    prices.sort_by(|a, b| {
        (&a.product_name, &a.product, &a.currency, a.amount_minor, &a.price).cmp(&(
            &b.product_name,
            &b.product,
            &b.currency,
            b.amount_minor,
            &b.price,
        ))
    });
    Ok(Catalogue { prices })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PriceWire<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    product: Ref<'a>,
    #[serde(borrow)]
    nickname: Text<'a>,
    #[serde(borrow)]
    lookup_key: Text<'a>,
    unit_amount: Int,
    #[serde(borrow)]
    currency: Text<'a>,
    active: Flag,
    deleted: Flag,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProductWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

fn read_price(
    connection: &Connection,
    json: &str,
    names: &MetadataNames,
    rules: &[PlanRule],
) -> DbResult<Option<CataloguePrice>> {
    let wire: PriceWire<'_> = serde_json::from_str(json).unwrap_or_default();
    let (Some(id), false) = (wire.id.get(), wire.deleted.0 == Some(true)) else { return Ok(None) };
    let product = wire.product.get();
    let stored = match product.map(|product| find_key(connection, product)).transpose()?.flatten() {
        Some(key) => find_stored(connection, key)?,
        None => None,
    };
    let about: ProductWire<'_> =
        stored.as_ref().and_then(|stored| serde_json::from_str(&stored.json).ok()).unwrap_or_default();
    let named = |of: fn(&MetadataNames) -> &[String]| {
        wire.metadata.first(of(names)).or_else(|| about.metadata.first(of(names)))
    };
    let plan = named(|names| &names.plan);
    let credits = named(|names| &names.credits)
        .and_then(|credits| credits.trim().parse::<i64>().ok())
        .filter(|credits| (0..=MAX_CREDITS).contains(credits));
    let suggestion = credits.map(|credits| PlanRule {
        by: PlanBy::Price,
        value: id.to_owned(),
        plan: plan
            .or(wire.nickname.get())
            .or(about.name.get())
            .or(Some(id))
            .map(|name| name.chars().filter(|letter| !letter.is_control()).take(100).collect()),
        credits: Some(credits),
    });
    let covers = |rule: &PlanRule| {
        let value = match rule.by {
            PlanBy::Price => Some(id),
            PlanBy::LookupKey => wire.lookup_key.get(),
            PlanBy::Product => product,
            PlanBy::Plan | PlanBy::Credits | PlanBy::Amount => None,
        };
        value == Some(rule.value.as_str())
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(Some(CataloguePrice {
        price: id.to_owned(),
        product: owned(product),
        product_name: owned(about.name.get()),
        nickname: owned(wire.nickname.get()),
        lookup_key: owned(wire.lookup_key.get()),
        amount_minor: wire.unit_amount.0,
        currency: wire.currency.get().map(str::to_ascii_lowercase),
        active: wire.active.0 != Some(false),
        covered: rules.iter().any(covers),
        suggestion,
    }))
}
