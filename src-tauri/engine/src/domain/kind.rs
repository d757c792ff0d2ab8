//! The kinds of Stripe object that the mirror folds.

/// A kind of Stripe object that projections are made of. The number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// `checkout.session`
    Session = 1,
    /// `payment_intent`
    Intent = 2,
    /// `charge`
    Charge = 3,
    /// `refund`
    Refund = 4,
    /// `dispute`
    Dispute = 5,
    /// `customer`
    Customer = 6,
    /// `product`
    Product = 7,
    /// `price`
    Price = 8,
    /// An order taken here by support, before anything was opened at Stripe.
    Local = 9,
    /// `webhook_endpoint`: looked at by itself, no part of an order and not folded.
    Endpoint = 10,
    /// Anything else: stored by its events, not folded.
    Other = 0,
}

impl Kind {
    /// The folded kinds, in the order a backfill lists them.
    pub const FOLDED: [Self; 8] = [
        Self::Session,
        Self::Intent,
        Self::Charge,
        Self::Refund,
        Self::Dispute,
        Self::Customer,
        Self::Product,
        Self::Price,
    ];

    /// Stripe's `object` word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "checkout.session",
            Self::Intent => "payment_intent",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Customer => "customer",
            Self::Product => "product",
            Self::Price => "price",
            Self::Local => "local_intent",
            Self::Endpoint => "webhook_endpoint",
            Self::Other => "other",
        }
    }

    /// Reads Stripe's `object` word, of the folded kinds alone.
    pub fn parse(object: &str) -> Self {
        Self::FOLDED.into_iter().find(|kind| kind.as_str() == object).unwrap_or(Self::Other)
    }

    /// Reads the stored number.
    pub fn from_stored(number: i64) -> Self {
        Self::FOLDED
            .into_iter()
            .chain([Self::Local, Self::Endpoint])
            .find(|kind| *kind as i64 == number)
            .unwrap_or(Self::Other)
    }

    /// The path its list is read from, below the base URL.
    pub const fn list_path(self) -> &'static str {
        match self {
            Self::Session => "/v1/checkout/sessions",
            Self::Intent => "/v1/payment_intents",
            Self::Charge => "/v1/charges",
            Self::Refund => "/v1/refunds",
            Self::Dispute => "/v1/disputes",
            Self::Customer => "/v1/customers",
            Self::Product => "/v1/products",
            Self::Price => "/v1/prices",
            Self::Endpoint => "/v1/webhook_endpoints",
            Self::Local | Self::Other => "",
        }
    }

    /// Whether an object of this kind can be one step of an order.
    pub const fn belongs_to_orders(self) -> bool {
        matches!(
            self,
            Self::Session | Self::Intent | Self::Charge | Self::Refund | Self::Dispute | Self::Local
        )
    }
}
