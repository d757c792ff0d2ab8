//! Customers: made by the shop or by checkout, changed, deleted.

use super::{Told, World};
use crate::json::Metadata;
use crate::objects::{Address, Customer, Kind, Object, Session};

impl World {
    /// The shop makes a Customer.
    pub fn new_customer(&mut self, email: Option<&str>, name: Option<&str>) -> String {
        self.new_customer_with(Customer {
            id: String::new(),
            created: 0,
            email: email.map(str::to_owned),
            name: name.map(str::to_owned),
            phone: None,
            description: None,
            address: None,
            shipping: None,
            locale: None,
            metadata: Metadata::new(),
        })
    }

    pub(crate) fn new_customer_with(&mut self, mut customer: Customer) -> String {
        customer.id = self.mint("cus_", 14);
        customer.created = self.now;
        let id = customer.id.clone();
        self.add(Object::Customer(Box::new(customer)));
        self.emit("customer.created", &id);
        id
    }

    pub(super) fn customer_from_checkout(
        &mut self,
        session: &Session,
        shipping: Option<(String, Address)>,
    ) -> String {
        self.new_customer_with(Customer {
            id: String::new(),
            created: 0,
            email: session.email().map(str::to_owned),
            name: session.buyer_name.clone(),
            phone: None,
            description: None,
            address: session.address.clone(),
            shipping,
            locale: session.locale.clone(),
            metadata: Metadata::new(),
        })
    }

    /// The shop changes a Customer's e-mail or name.
    pub fn update_customer(&mut self, id: &str, email: Option<&str>, name: Option<&str>) -> Told<()> {
        self.change_customer(id, |customer| {
            if let Some(email) = email {
                customer.email = Some(email.to_owned());
            }
            if let Some(name) = name {
                customer.name = Some(name.to_owned());
            }
        })
    }

    pub(crate) fn change_customer(&mut self, id: &str, change: impl FnOnce(&mut Customer)) -> Told<()> {
        let before = self.before(id);
        change(self.customer_mut(id)?);
        self.emit_if_changed("customer.updated", id, &before);
        Ok(())
    }

    /// The shop deletes a Customer. Payments keep its id; retrieving it gives a stub.
    pub fn delete_customer(&mut self, id: &str) -> Told<()> {
        let bytes = self.before(id);
        self.remove(Kind::Customer, id)?;
        self.emit_snapshot("customer.deleted", id, bytes, None);
        Ok(())
    }
}
