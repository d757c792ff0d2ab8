//! Checkout Sessions: opened without an event, expired, recovered. Paying them is in `payments`.

use super::{Due, Refusal, Told, World};
use crate::json::Metadata;
use crate::ledger::{PayState, SessionNote, SessionState};
use crate::objects::{
    IntentStatus, LineItem, Object, PaymentStatus, Recovery, Session, SessionStatus, Typed,
};

/// A session lives this long unless told otherwise.
const DEFAULT_LIFE_S: i64 = 86_400;
/// A recovery link lives this long.
const RECOVERY_LIFE_S: i64 = 30 * 86_400;

/// What the buyer is to checkout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Buyer {
    /// A Customer is made when checkout is complete.
    #[default]
    BecomesCustomer,
    /// No Customer is ever made.
    Guest,
    /// This Customer.
    Customer(String),
}

/// A checkout as the shop opens it.
#[derive(Debug, Clone)]
pub struct CheckoutSpec {
    /// Metadata `preorderId`, and the client reference.
    pub preorder_id: Option<String>,
    /// The e-mail the shop gives to checkout and writes into the metadata.
    pub email: Option<String>,
    /// The e-mail typed on the page, where the shop gave none.
    pub typed_email: Option<String>,
    /// The buyer's name.
    pub name: Option<String>,
    /// Metadata `color`.
    pub color: Option<String>,
    /// Metadata `locale`, and the page's language.
    pub locale: Option<String>,
    /// Metadata `source`.
    pub source: Option<String>,
    /// Metadata `userId`.
    pub user_id: Option<String>,
    /// Minor units. `None`: the price list's.
    pub amount: Option<i64>,
    /// Lower case.
    pub currency: String,
    /// What the buyer is to checkout.
    pub customer: Buyer,
    /// Whether the session can be recovered after it expired.
    pub recovery: bool,
    /// Whether the same metadata goes on the intent and the charge.
    pub metadata_on_intent: bool,
    /// More metadata, over what the fields above give.
    pub metadata: Metadata,
    /// More metadata for the intent, over the session's.
    pub intent_metadata: Metadata,
    /// A listed price, instead of one by currency and amount.
    pub price: Option<String>,
    /// How many of it.
    pub quantity: i64,
    /// Whether a coupon takes the whole price off.
    pub free: bool,
    /// Whether the price is made up for this one session, even where the amount is the listed one.
    pub ad_hoc: bool,
    /// Minor units by which the amount differs from the price, and nothing says why.
    pub off_by: i64,
    /// Seconds until it expires.
    pub expires_in_s: i64,
    /// Whether the payment is only authorised, to be captured later.
    pub capture_by_hand: bool,
    /// Whether checkout asks for a shipping address.
    pub collects_shipping: bool,
    /// Country of the buyer's address; empty: they give none.
    pub country: String,
}

impl Default for CheckoutSpec {
    fn default() -> Self {
        CheckoutSpec {
            preorder_id: None,
            email: None,
            typed_email: None,
            name: None,
            color: None,
            locale: None,
            source: None,
            user_id: None,
            amount: None,
            currency: "eur".to_owned(),
            customer: Buyer::default(),
            recovery: false,
            metadata_on_intent: true,
            metadata: Metadata::new(),
            intent_metadata: Metadata::new(),
            price: None,
            quantity: 1,
            free: false,
            ad_hoc: false,
            off_by: 0,
            expires_in_s: DEFAULT_LIFE_S,
            capture_by_hand: false,
            collects_shipping: true,
            country: "DE".to_owned(),
        }
    }
}

/// A session as it is written down, whoever asks for it.
pub(crate) struct NewSession {
    pub items: Vec<LineItem>,
    pub currency: String,
    pub customer: Buyer,
    pub customer_email: Option<String>,
    pub will_type: Typed,
    pub collects_shipping: bool,
    pub client_reference_id: Option<String>,
    pub locale: Option<String>,
    pub metadata: Metadata,
    pub recovery: Option<Recovery>,
    pub recovered_from: Option<String>,
    pub success_url: Option<String>,
    pub cancel_url: Option<String>,
    pub expires_in_s: i64,
    pub intent_metadata: Metadata,
    pub intent_receipt_email: Option<String>,
    pub captures_by_hand: bool,
}

impl World {
    /// The shop opens a checkout. No event announces it, and there is no intent yet.
    pub fn open_checkout(&mut self, spec: CheckoutSpec) -> Told<String> {
        let listed = self.list_price(&spec.currency).map(|(price, amount)| (price.to_owned(), amount));
        let quantity = spec.quantity;
        let mut item = match (&spec.price, spec.amount, listed) {
            (Some(price), _, _) => self.line_item_of(price, quantity)?,
            (None, None, Some((price, _))) => self.line_item_of(&price, quantity)?,
            (None, Some(amount), Some((price, listed))) if amount == listed && !spec.ad_hoc => {
                self.line_item_of(&price, quantity)?
            }
            (None, amount, _) => self.line_item_inline(
                super::catalogue::PRODUCT_NAME,
                &spec.currency,
                amount.unwrap_or(14_900),
                quantity,
            ),
        };
        item.off_by = spec.off_by;
        if spec.free {
            item.discount = item.amount();
        }
        let mut metadata = super::shop_metadata([
            ("preorderId", spec.preorder_id.as_deref()),
            ("userId", spec.user_id.as_deref()),
            ("email", spec.email.as_deref()),
            ("color", spec.color.as_deref()),
            ("locale", spec.locale.as_deref()),
            ("source", spec.source.as_deref()),
        ]);
        metadata.extend(spec.metadata);
        let mut intent_metadata = if spec.metadata_on_intent { metadata.clone() } else { Metadata::new() };
        intent_metadata.extend(spec.intent_metadata);
        let name = spec
            .name
            .or_else(|| Some(crate::shop::name_of(spec.email.as_deref().or(spec.typed_email.as_deref())?)));
        self.new_session(NewSession {
            currency: item.currency.clone(),
            items: vec![item],
            customer: spec.customer,
            customer_email: spec.email,
            will_type: Typed {
                email: spec.typed_email,
                name,
                address: (!spec.country.is_empty()).then(|| crate::shop::address_in(&spec.country)),
            },
            collects_shipping: spec.collects_shipping,
            client_reference_id: spec.preorder_id,
            locale: spec.locale,
            metadata,
            recovery: spec.recovery.then(Recovery::default),
            recovered_from: None,
            success_url: Some("https://shop.example.com/thanks?session_id={CHECKOUT_SESSION_ID}".to_owned()),
            cancel_url: Some("https://shop.example.com/preorder".to_owned()),
            expires_in_s: spec.expires_in_s,
            intent_metadata,
            intent_receipt_email: None,
            captures_by_hand: spec.capture_by_hand,
        })
    }

    pub(crate) fn new_session(&mut self, new: NewSession) -> Told<String> {
        let (customer, customer_creation) = match new.customer {
            Buyer::Customer(id) => (Some(id), None),
            Buyer::BecomesCustomer => (None, Some("always")),
            Buyer::Guest => (None, Some("if_required")),
        };
        let mut customer_email = new.customer_email;
        if let Some(id) = &customer {
            customer_email = self.customer(id).map_err(|r| r.status(400).param("customer"))?.email.clone();
        }
        let amount = new.items.iter().map(LineItem::amount).sum();
        let id = crate::ids::session(&mut self.rng, self.livemode);
        let session = Session {
            id: id.clone(),
            created: self.now,
            expires_at: self.now + new.expires_in_s,
            status: SessionStatus::Open,
            payment_status: if amount == 0 { PaymentStatus::NotRequired } else { PaymentStatus::Unpaid },
            amount,
            currency: new.currency,
            // With a Customer the page shows their e-mail; `customer_email` itself stays null.
            customer_email: if customer.is_some() { None } else { customer_email.clone() },
            buyer_email: if customer.is_some() { customer_email } else { None },
            customer,
            customer_creation,
            buyer_name: None,
            address: None,
            collects_shipping: new.collects_shipping,
            client_reference_id: new.client_reference_id,
            intent: None,
            locale: new.locale,
            metadata: new.metadata,
            recovery: new.recovery,
            recovered_from: new.recovered_from,
            success_url: new.success_url,
            cancel_url: new.cancel_url,
            items: new.items,
            intent_metadata: new.intent_metadata,
            intent_receipt_email: new.intent_receipt_email,
            captures_by_hand: new.captures_by_hand,
            will_type: new.will_type,
        };
        let note = SessionNote {
            id: id.clone(),
            created: session.created,
            state: SessionState::Open,
            completed_at: None,
            recovered_from: session.recovered_from.clone(),
            page_locale: session.locale.clone(),
            amount,
            currency: session.currency.clone(),
            pack: self.pack_in(&session.items),
        };
        self.book.session_opened(note, session.email(), &session.metadata);
        self.later(new.expires_in_s, Due::SessionExpires(id.clone()));
        self.add(Object::Session(Box::new(session)));
        Ok(id)
    }

    pub(super) fn expire_if_due(&mut self, session: &str) {
        self.touch(session);
        let due =
            self.session(session).is_ok_and(|s| s.status == SessionStatus::Open && s.expires_at <= self.now);
        if due {
            let expired = self.expire(session);
            debug_assert!(expired.is_ok(), "an open session can expire");
        }
    }

    /// Expires an open session: by itself at its time, or because the shop asks. Its unpaid intent is cancelled.
    pub fn expire(&mut self, session: &str) -> Told<()> {
        let now = self.now;
        let s = self.session_mut(session)?;
        if s.status != SessionStatus::Open {
            return Err(Refusal::invalid(format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of {}.",
                s.status.word()
            )));
        }
        s.status = SessionStatus::Expired;
        if let Some(recovery) = &mut s.recovery {
            recovery.url = Some(format!("https://buy.stripe.com/r/{}", &session[8..]));
            recovery.expires_at = Some(now + RECOVERY_LIFE_S);
        }
        let intent = s.intent.clone();
        self.book.session_state(session, SessionState::Expired, now);
        if let Some(intent) = intent
            && let Ok(i) = self.intent_mut(&intent)
            && matches!(i.status, IntentStatus::NeedsMethod | IntentStatus::NeedsAction)
        {
            i.status = IntentStatus::Canceled;
            i.canceled_at = Some(now);
            i.cancellation_reason = Some("expired".to_owned());
            self.book.payment_state(&intent, PayState::Canceled, now);
            self.emit("payment_intent.canceled", &intent);
        }
        self.emit("checkout.session.expired", session);
        Ok(())
    }

    /// The buyer follows the recovery link of an expired session: a new session, copied from the old.
    pub fn recover(&mut self, session: &str) -> Told<String> {
        let now = self.now;
        let old = self.session(session)?.clone();
        let usable =
            old.recovery.as_ref().is_some_and(|r| r.url.is_some() && r.expires_at.is_some_and(|t| t > now));
        if !usable {
            return Err(Refusal::invalid(
                "This Checkout Session has no recovery link, or it is no longer valid.",
            ));
        }
        let mut items = old.items;
        for item in &mut items {
            item.id = self.mint("li_1", 23);
        }
        self.new_session(NewSession {
            items,
            currency: old.currency,
            customer: match (old.customer, old.customer_creation) {
                (Some(id), _) if self.customer(&id).is_ok() => Buyer::Customer(id),
                (None, Some("always")) => Buyer::BecomesCustomer,
                _ => Buyer::Guest,
            },
            customer_email: old.customer_email.or(old.buyer_email),
            will_type: old.will_type,
            collects_shipping: old.collects_shipping,
            client_reference_id: old.client_reference_id,
            locale: old.locale,
            metadata: old.metadata,
            recovery: Some(Recovery::default()),
            recovered_from: Some(old.id),
            success_url: old.success_url,
            cancel_url: old.cancel_url,
            expires_in_s: DEFAULT_LIFE_S,
            intent_metadata: old.intent_metadata,
            intent_receipt_email: old.intent_receipt_email,
            captures_by_hand: old.captures_by_hand,
        })
    }
}
