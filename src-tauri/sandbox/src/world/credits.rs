//! Credit packs: what they cost, and the checkout that sells one.

use super::{Buyer, CheckoutSpec, Refusal, Told, World};
use crate::json::Metadata;
use crate::ledger::Pack;
use crate::objects::{LineItem, Object, Price, Product};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

/// Plans, and the credits that each grants.
pub const CREDIT_PACKS: [(&str, i64); 3] = [("starter", 100), ("pro", 500), ("studio", 2_000)];
/// The product that all packs are prices of.
const CREDITS_NAME: &str = "Lanternfish render credits";
/// What the packs cost, in their order, minor units.
const CREDIT_PRICES: [(&str, [i64; 3]); 4] = [
    ("eur", [900, 3_900, 12_900]),
    ("usd", [1_000, 4_200, 13_900]),
    ("jpy", [1_500, 6_500, 21_000]),
    ("kwd", [3_000, 13_000, 42_000]),
];

/// Ids of the standing credit packs.
#[derive(Debug, Clone, Default)]
pub(crate) struct CreditPrices {
    product: String,
    packs: Vec<Listed>,
}

#[derive(Debug, Clone)]
struct Listed {
    price: String,
    plan: &'static str,
    credits: i64,
    currency: &'static str,
    amount: i64,
}

/// A checkout for credits as the shop opens it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreditSpec {
    /// One of [`CREDIT_PACKS`].
    pub plan: String,
    /// How many packs.
    pub quantity: i64,
    /// Lower case: eur, usd, jpy or kwd.
    pub currency: String,
    /// Metadata `userId`; `None` is a guest.
    pub user_id: Option<String>,
    /// The e-mail the shop gives to checkout and writes into the metadata.
    pub email: Option<String>,
    /// The e-mail typed on the page, where the shop gave none.
    pub typed_email: Option<String>,
    /// The buyer's name.
    pub name: Option<String>,
    /// The page's language.
    pub locale: Option<String>,
    /// The metadata key that names the plan: `plan` or `planId`; empty leaves it out.
    pub plan_key: String,
    /// What the buyer is to checkout.
    #[serde(skip)]
    pub customer: Buyer,
    /// Whether a coupon takes the whole price off.
    pub free: bool,
    /// Whether the session can be recovered after it expired.
    pub recovery: bool,
    /// Whether the same metadata goes on the intent and the charge.
    pub metadata_on_intent: bool,
    /// More metadata, over what the fields above give.
    pub metadata: Metadata,
}

impl Default for CreditSpec {
    fn default() -> Self {
        CreditSpec {
            plan: "starter".to_owned(),
            quantity: 1,
            currency: "eur".to_owned(),
            user_id: None,
            email: None,
            typed_email: None,
            name: None,
            locale: None,
            plan_key: "plan".to_owned(),
            customer: Buyer::Guest,
            free: false,
            recovery: false,
            metadata_on_intent: true,
            metadata: Metadata::new(),
        }
    }
}

impl World {
    /// The packs stand beside the price list and are older still. Their ids come from a stream of their own, so that a
    /// seed's other ids are what they were before credits were sold.
    pub(super) fn found_credit_packs(&mut self, ids: &mut ChaCha8Rng) {
        let created = self.now - 500 * 86_400;
        let product = crate::ids::tail(ids, "prod_", 14);
        let mut packs = Vec::new();
        for (currency, amounts) in CREDIT_PRICES {
            for ((plan, credits), amount) in CREDIT_PACKS.into_iter().zip(amounts) {
                let price = crate::ids::tail(ids, "price_1", 23);
                packs.push(Listed { price, plan, credits, currency, amount });
            }
        }
        self.add(Object::Product(Box::new(Product {
            id: product.clone(),
            created,
            updated: created,
            name: CREDITS_NAME.to_owned(),
            description: Some("One credit renders one picture.".to_owned()),
            active: true,
            default_price: None,
            metadata: Metadata::new(),
        })));
        for pack in &packs {
            let metadata = [("plan", pack.plan.to_owned()), ("credits", pack.credits.to_string())];
            self.add(Object::Price(Box::new(Price {
                id: pack.price.clone(),
                created,
                product: product.clone(),
                currency: pack.currency.to_owned(),
                unit_amount: pack.amount,
                active: true,
                lookup_key: Some(format!("credits_{}_{}", pack.plan, pack.currency)),
                nickname: Some(pack.plan.to_owned()),
                metadata: metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            })));
        }
        self.credit_prices = CreditPrices { product, packs };
    }

    /// The product that the credit packs are prices of.
    pub fn credit_product(&self) -> &str {
        &self.credit_prices.product
    }

    /// The price of a pack in a currency, and its amount.
    pub fn credit_price(&self, plan: &str, currency: &str) -> Option<(&str, i64)> {
        let listed = self.credit_prices.packs.iter().find(|p| p.plan == plan && p.currency == currency)?;
        Some((&listed.price, listed.amount))
    }

    /// The shop opens a checkout for credits. Paying it, and all that can follow, is as for any other checkout.
    pub fn open_credit_checkout(&mut self, spec: CreditSpec) -> Told<String> {
        let spec = self.credit_checkout(spec)?;
        self.open_checkout(spec)
    }

    /// The checkout that sells a pack.
    pub(crate) fn credit_checkout(&self, spec: CreditSpec) -> Told<CheckoutSpec> {
        let (price, _) = self.credit_price(&spec.plan, &spec.currency).ok_or_else(|| {
            Refusal::invalid(format!("There is no pack '{}' in '{}'.", spec.plan, spec.currency))
        })?;
        if spec.quantity < 1 {
            return Err(Refusal::invalid("The quantity must be at least 1.").param("quantity"));
        }
        let mut metadata = Metadata::new();
        if !spec.plan_key.is_empty() {
            metadata.insert(spec.plan_key, spec.plan);
        }
        metadata.extend(spec.metadata);
        Ok(CheckoutSpec {
            user_id: spec.user_id,
            email: spec.email,
            typed_email: spec.typed_email,
            name: spec.name,
            locale: spec.locale,
            customer: spec.customer,
            recovery: spec.recovery,
            metadata_on_intent: spec.metadata_on_intent,
            metadata,
            price: Some(price.to_owned()),
            quantity: spec.quantity,
            free: spec.free,
            currency: spec.currency,
            collects_shipping: false,
            ..CheckoutSpec::default()
        })
    }

    /// The credits that these line items sell, if any.
    pub(crate) fn pack_in(&self, items: &[LineItem]) -> Option<Pack> {
        let mut sold: Option<Pack> = None;
        for item in items {
            let Some(listed) = self.credit_prices.packs.iter().find(|p| p.price == item.price) else {
                continue;
            };
            let credits = listed.credits * item.quantity;
            match &mut sold {
                Some(pack) => pack.credits += credits,
                None => sold = Some(Pack { plan: listed.plan.to_owned(), credits }),
            }
        }
        sold
    }
}
