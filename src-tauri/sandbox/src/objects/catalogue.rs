//! Products and Prices.

use crate::json::{Json, Metadata};

#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub id: String,
    pub created: i64,
    pub updated: i64,
    pub name: String,
    pub description: Option<String>,
    pub active: bool,
    pub default_price: Option<String>,
    pub metadata: Metadata,
}

impl Product {
    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "product");
            j.flag("active", self.active);
            j.int("created", self.created);
            j.opt("default_price", self.default_price.as_deref());
            j.opt("description", self.description.as_deref());
            j.raw("images", "[]");
            j.flag("livemode", livemode);
            j.raw("marketing_features", "[]");
            j.metadata(&self.metadata);
            j.text("name", &self.name);
            j.null(&["package_dimensions", "shippable", "statement_descriptor", "tax_code"]);
            j.text("type", "good");
            j.null(&["unit_label"]);
            j.int("updated", self.updated);
            j.null(&["url"]);
        });
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Price {
    pub id: String,
    pub created: i64,
    pub product: String,
    pub currency: String,
    pub unit_amount: i64,
    pub active: bool,
    pub lookup_key: Option<String>,
    pub nickname: Option<String>,
    pub metadata: Metadata,
}

impl Price {
    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        j.object(|j| {
            write_price(
                j,
                &PriceView {
                    id: &self.id,
                    created: self.created,
                    product: &self.product,
                    currency: &self.currency,
                    unit_amount: self.unit_amount,
                    active: self.active,
                    lookup_key: self.lookup_key.as_deref(),
                    nickname: self.nickname.as_deref(),
                    metadata: &self.metadata,
                },
                livemode,
            );
        });
    }
}

/// The fields of a price, borrowed from wherever they are.
pub(crate) struct PriceView<'a> {
    pub id: &'a str,
    pub created: i64,
    pub product: &'a str,
    pub currency: &'a str,
    pub unit_amount: i64,
    pub active: bool,
    pub lookup_key: Option<&'a str>,
    pub nickname: Option<&'a str>,
    pub metadata: &'a Metadata,
}

pub(crate) fn write_price(j: &mut Json, price: &PriceView<'_>, livemode: bool) {
    j.text("id", price.id);
    j.text("object", "price");
    j.flag("active", price.active);
    j.text("billing_scheme", "per_unit");
    j.int("created", price.created);
    j.text("currency", price.currency);
    j.null(&["custom_unit_amount"]);
    j.flag("livemode", livemode);
    j.opt("lookup_key", price.lookup_key);
    j.metadata(price.metadata);
    j.opt("nickname", price.nickname);
    j.text("product", price.product);
    j.raw("recurring", r#"null,"tax_behavior":"unspecified","tiers_mode":null,"transform_quantity":null"#);
    j.text("type", "one_time");
    j.int("unit_amount", price.unit_amount);
    j.text("unit_amount_decimal", &price.unit_amount.to_string());
}
