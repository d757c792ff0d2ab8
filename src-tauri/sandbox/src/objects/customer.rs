//! Customers.

use super::{Address, write_address};
use crate::json::{Json, Metadata};

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub id: String,
    pub created: i64,
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub address: Option<Address>,
    pub shipping: Option<(String, Address)>,
    pub locale: Option<String>,
    pub metadata: Metadata,
}

impl Customer {
    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "customer");
            match &self.address {
                Some(address) => write_address(j, "address", Some(address)),
                None => j.null(&["address"]),
            }
            j.int("balance", 0);
            j.int("created", self.created);
            j.null(&["currency", "customer_account", "default_source"]);
            j.flag("delinquent", false);
            j.opt("description", self.description.as_deref());
            j.null(&["discount"]);
            j.opt("email", self.email.as_deref());
            j.text("invoice_prefix", &self.id[self.id.len() - 8..].to_ascii_uppercase());
            j.raw(
                "invoice_settings",
                r#"{"custom_fields":null,"default_payment_method":null,"footer":null,"rendering_options":null}"#,
            );
            j.flag("livemode", livemode);
            j.metadata(&self.metadata);
            j.opt("name", self.name.as_deref());
            j.int("next_invoice_sequence", 1);
            j.opt("phone", self.phone.as_deref());
            j.key("preferred_locales");
            j.array(self.locale.as_deref(), |j, locale| j.string(locale));
            match &self.shipping {
                Some((name, address)) => j.nest("shipping", |j| {
                    write_address(j, "address", Some(address));
                    j.text("name", name);
                    j.null(&["phone"]);
                }),
                None => j.null(&["shipping"]),
            }
            j.text("tax_exempt", "none");
            j.null(&["test_clock"]);
        });
    }
}
