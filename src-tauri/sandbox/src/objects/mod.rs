//! The kinds of object the sandbox keeps, and their JSON in the shape of API version 2026-09-30.endive.
//!
//! Structs hold what can differ; what is the same for every object of this shop is written as a constant.

mod aftermath;
mod catalogue;
mod customer;
mod endpoint;
mod payment;
mod session;

pub use aftermath::RefundState;
pub(crate) use aftermath::{Dispute, DisputeStatus, Refund};
pub(crate) use catalogue::{Price, Product};
pub(crate) use customer::Customer;
pub(crate) use endpoint::Endpoint;
pub use endpoint::Health;
pub(crate) use payment::{Charge, ChargeStatus, Failure, Intent, IntentStatus, Method};
pub(crate) use session::{LineItem, PaymentStatus, Recovery, Session, SessionStatus, Typed};

use crate::json::{Json, Metadata};
use serde::{Deserialize, Serialize};

/// A kind of Stripe object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `checkout.session`
    Session,
    /// `payment_intent`
    Intent,
    /// `charge`
    Charge,
    /// `refund`
    Refund,
    /// `dispute`
    Dispute,
    /// `customer`
    Customer,
    /// `product`
    Product,
    /// `price`
    Price,
    /// `webhook_endpoint`
    Endpoint,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [
        Kind::Session,
        Kind::Intent,
        Kind::Charge,
        Kind::Refund,
        Kind::Dispute,
        Kind::Customer,
        Kind::Product,
        Kind::Price,
        Kind::Endpoint,
    ];

    /// Stripe's name of the kind, as in the field `object`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Session => "checkout.session",
            Kind::Intent => "payment_intent",
            Kind::Charge => "charge",
            Kind::Refund => "refund",
            Kind::Dispute => "dispute",
            Kind::Customer => "customer",
            Kind::Product => "product",
            Kind::Price => "price",
            Kind::Endpoint => "webhook_endpoint",
        }
    }

    /// The path of its list.
    pub fn path(self) -> &'static str {
        match self {
            Kind::Session => "/v1/checkout/sessions",
            Kind::Intent => "/v1/payment_intents",
            Kind::Charge => "/v1/charges",
            Kind::Refund => "/v1/refunds",
            Kind::Dispute => "/v1/disputes",
            Kind::Customer => "/v1/customers",
            Kind::Product => "/v1/products",
            Kind::Price => "/v1/prices",
            Kind::Endpoint => "/v1/webhook_endpoints",
        }
    }

    /// The kind that an id's prefix names.
    pub fn of_id(id: &str) -> Option<Kind> {
        let prefix = &id[..id.find('_')?];
        Some(match prefix {
            "cs" => Kind::Session,
            "pi" => Kind::Intent,
            "ch" | "py" => Kind::Charge,
            "re" | "pyr" => Kind::Refund,
            "dp" | "du" => Kind::Dispute,
            "cus" => Kind::Customer,
            "prod" => Kind::Product,
            "price" => Kind::Price,
            "we" => Kind::Endpoint,
            _ => return None,
        })
    }
}

/// A postal address as a buyer types it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Address {
    pub line1: String,
    pub line2: Option<String>,
    pub city: String,
    pub postal_code: String,
    pub state: Option<String>,
    pub country: String,
}

pub(crate) fn write_address(j: &mut Json, key: &str, address: Option<&Address>) {
    j.nest(key, |j| match address {
        Some(a) => {
            j.text("city", &a.city);
            j.text("country", &a.country);
            j.text("line1", &a.line1);
            j.opt("line2", a.line2.as_deref());
            j.text("postal_code", &a.postal_code);
            j.opt("state", a.state.as_deref());
        }
        None => j.null(&["city", "country", "line1", "line2", "postal_code", "state"]),
    });
}

/// One object of any kind.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    Session(Box<Session>),
    Intent(Box<Intent>),
    Charge(Box<Charge>),
    Refund(Box<Refund>),
    Dispute(Box<Dispute>),
    Customer(Box<Customer>),
    Product(Box<Product>),
    Price(Box<Price>),
    Endpoint(Box<Endpoint>),
}

macro_rules! each {
    ($object:expr, $o:ident => $body:expr) => {
        match $object {
            Object::Session($o) => $body,
            Object::Intent($o) => $body,
            Object::Charge($o) => $body,
            Object::Refund($o) => $body,
            Object::Dispute($o) => $body,
            Object::Customer($o) => $body,
            Object::Product($o) => $body,
            Object::Price($o) => $body,
            Object::Endpoint($o) => $body,
        }
    };
}

impl Object {
    pub(crate) fn id(&self) -> &str {
        each!(self, o => &o.id)
    }

    pub(crate) fn created(&self) -> i64 {
        each!(self, o => o.created)
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        each!(self, o => &o.metadata)
    }

    pub(crate) fn metadata_mut(&mut self) -> &mut Metadata {
        each!(self, o => &mut o.metadata)
    }

    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        each!(self, o => o.write(j, livemode))
    }

    pub(crate) fn to_bytes(&self, livemode: bool) -> Vec<u8> {
        let mut j = Json::with_capacity(2048);
        self.write(&mut j, livemode);
        j.into_bytes()
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Object::Session(_) => Kind::Session,
            Object::Intent(_) => Kind::Intent,
            Object::Charge(_) => Kind::Charge,
            Object::Refund(_) => Kind::Refund,
            Object::Dispute(_) => Kind::Dispute,
            Object::Customer(_) => Kind::Customer,
            Object::Product(_) => Kind::Product,
            Object::Price(_) => Kind::Price,
            Object::Endpoint(_) => Kind::Endpoint,
        }
    }
}
