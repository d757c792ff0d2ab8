//! The price list, and prices made up on the spot.

use super::{Told, World};
use crate::json::Metadata;
use crate::objects::{Kind, LineItem, Object, Price, Product};

/// What the shop sells its preorder for: currency and minor units.
pub const PRICE_LIST: [(&str, i64); 4] = [("eur", 14_900), ("usd", 15_900), ("jpy", 24_000), ("kwd", 49_000)];
/// The product everybody preorders.
pub const PRODUCT_NAME: &str = "Lanternfish night lamp (preorder)";

/// Ids of the standing catalogue.
#[derive(Debug, Clone, Default)]
pub(crate) struct PriceList {
    pub product: String,
    pub prices: Vec<String>,
}

impl World {
    /// The price list is older than Stripe keeps events, so nothing announces it.
    pub(super) fn found_catalogue(&mut self) {
        let created = self.now - 400 * 86_400;
        let product = self.mint("prod_", 14);
        let ids: Vec<String> = PRICE_LIST.iter().map(|_| self.mint("price_1", 23)).collect();
        self.add(Object::Product(Box::new(Product {
            id: product.clone(),
            created,
            updated: created,
            name: PRODUCT_NAME.to_owned(),
            description: Some("Ships when the first batch is ready.".to_owned()),
            active: true,
            default_price: ids.first().cloned(),
            metadata: Metadata::new(),
        })));
        for (id, (currency, unit_amount)) in ids.iter().zip(PRICE_LIST) {
            self.add(Object::Price(Box::new(Price {
                id: id.clone(),
                created,
                product: product.clone(),
                currency: currency.to_owned(),
                unit_amount,
                active: true,
                lookup_key: Some(format!("preorder_{currency}")),
                nickname: None,
                metadata: Metadata::new(),
            })));
        }
        self.prices = PriceList { product, prices: ids };
    }

    /// The product of the price list.
    pub fn main_product(&self) -> &str {
        &self.prices.product
    }

    /// The price list's price in a currency, and its amount.
    pub fn list_price(&self, currency: &str) -> Option<(&str, i64)> {
        let at = PRICE_LIST.iter().position(|(c, _)| *c == currency)?;
        Some((self.prices.prices.get(at)?, PRICE_LIST[at].1))
    }

    /// Adds a product.
    pub fn new_product(&mut self, name: &str, metadata: Metadata) -> String {
        let id = self.mint("prod_", 14);
        self.add(Object::Product(Box::new(Product {
            id: id.clone(),
            created: self.now,
            updated: self.now,
            name: name.to_owned(),
            description: None,
            active: true,
            default_price: None,
            metadata,
        })));
        self.emit("product.created", &id);
        id
    }

    /// Adds a price of a product.
    pub fn new_price(
        &mut self,
        product: &str,
        currency: &str,
        unit_amount: i64,
        lookup_key: Option<&str>,
    ) -> Told<String> {
        self.product(product)?;
        let id = self.mint("price_1", 23);
        self.add(Object::Price(Box::new(Price {
            id: id.clone(),
            created: self.now,
            product: product.to_owned(),
            currency: currency.to_owned(),
            unit_amount,
            active: true,
            lookup_key: lookup_key.map(str::to_owned),
            nickname: None,
            metadata: Metadata::new(),
        })));
        self.emit("price.created", &id);
        Ok(id)
    }

    /// Changes a product's fields and says so.
    pub(crate) fn change_product(&mut self, id: &str, change: impl FnOnce(&mut Product)) -> Told<()> {
        let (before, now) = (self.before(id), self.now);
        let product = self.product_mut(id)?;
        change(product);
        product.updated = now;
        self.emit_updated("product.updated", id, &before);
        Ok(())
    }

    /// Changes a price's fields and says so.
    pub(crate) fn change_price(&mut self, id: &str, change: impl FnOnce(&mut Price)) -> Told<()> {
        let before = self.before(id);
        change(self.price_mut(id)?);
        self.emit_updated("price.updated", id, &before);
        Ok(())
    }

    /// Deletes a product. Its prices stay, as do line items that name it.
    pub fn delete_product(&mut self, id: &str) -> Told<()> {
        let bytes = self.before(id);
        self.remove(Kind::Product, id)?;
        self.emit_snapshot("product.deleted", id, bytes, None);
        Ok(())
    }

    /// A line item of a listed price.
    pub(crate) fn line_item_of(&mut self, price: &str, quantity: i64) -> Told<LineItem> {
        let price = self.price(price).map_err(|r| r.status(400).param("line_items[0][price]"))?.clone();
        let description =
            self.product(&price.product).map_or_else(|_| PRODUCT_NAME.to_owned(), |p| p.name.clone());
        Ok(LineItem {
            id: self.mint("li_1", 23),
            price: price.id,
            product: price.product,
            price_active: price.active,
            price_created: price.created,
            lookup_key: price.lookup_key,
            nickname: price.nickname,
            price_metadata: price.metadata,
            description,
            quantity,
            unit_amount: price.unit_amount,
            discount: 0,
            off_by: 0,
            currency: price.currency,
        })
    }

    /// The id of a product that was described for one session only.
    pub(crate) fn unlisted_product(&mut self) -> String {
        self.mint("prod_", 14)
    }

    /// A line item whose price is made up for this one session (`price_data`): never listed, never announced.
    pub(crate) fn line_item_inline(
        &mut self,
        name: &str,
        currency: &str,
        unit_amount: i64,
        quantity: i64,
    ) -> LineItem {
        LineItem {
            id: self.mint("li_1", 23),
            price: self.mint("price_1", 23),
            product: self.prices.product.clone(),
            price_active: false,
            price_created: self.now,
            lookup_key: None,
            nickname: None,
            price_metadata: Metadata::new(),
            description: name.to_owned(),
            quantity,
            unit_amount,
            discount: 0,
            off_by: 0,
            currency: currency.to_owned(),
        }
    }
}
