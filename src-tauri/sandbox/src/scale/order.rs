//! The objects of one scale order, computed from its number, and the ledger notes of one that became ordinary.

use super::{DISPUTED_AFTER_S, Outcome, PAID_AFTER_S, REFUNDED_AFTER_S, Scale, codes};
use crate::ledger::{Book, PayState, Payment, SessionNote, SessionState};
use crate::objects::{
    Charge, ChargeStatus, Customer, Dispute, DisputeStatus, Intent, IntentStatus, Kind, LineItem, Method,
    Object, PaymentStatus, Refund, RefundState, Session, SessionStatus, Typed,
};
use crate::shop::{COLORS, FIRST_NAMES, LAST_NAMES, MARKETS, SOURCES, address_in};
use crate::world::shop_metadata;

/// Who bought, and for how much.
struct Sale {
    email: String,
    name: String,
    locale: &'static str,
    country: &'static str,
    currency: String,
    amount: i64,
    price: String,
}

impl Scale {
    pub(super) fn id(&self, kind: Kind, n: u64) -> String {
        let (prefix, length) = match kind {
            Kind::Session => (if self.livemode { "cs_live_a1" } else { "cs_test_a1" }, 56),
            Kind::Intent => ("pi_3", 23),
            Kind::Charge => ("ch_3", 23),
            Kind::Refund => ("re_3", 23),
            Kind::Dispute => ("dp_1", 23),
            _ => ("cus_", 14),
        };
        codes::id(prefix, self.seed, n, length)
    }

    pub(super) fn email(&self, n: u64) -> String {
        self.sale(n).email
    }

    fn sale(&self, n: u64) -> Sale {
        let drawn = codes::hash(self.seed, n, 2);
        let pick = |shift: u32, len: usize| (drawn >> shift) as usize % len;
        let (first, last) = (FIRST_NAMES[pick(0, FIRST_NAMES.len())], LAST_NAMES[pick(8, LAST_NAMES.len())]);
        let (locale, currency, country, _) = MARKETS[pick(16, MARKETS.len())];
        let (currency, amount, price) = self
            .prices
            .by_currency
            .iter()
            .find(|p| p.0 == currency)
            .unwrap_or(&self.prices.by_currency[0])
            .clone();
        let host = if drawn >> 40 & 1 == 0 { "example.com" } else { "example.org" };
        Sale {
            email: format!("{}.{}{n}@{host}", first.to_ascii_lowercase(), last.to_ascii_lowercase()),
            name: format!("{first} {last}"),
            locale,
            country,
            currency,
            amount,
            price,
        }
    }

    /// An order's object of a kind, if it has one.
    pub(crate) fn object(&self, kind: Kind, n: u64) -> Option<Object> {
        let outcome = self.outcome(n);
        let paid = !matches!(outcome, Outcome::Open | Outcome::Expired);
        let sale = self.sale(n);
        Some(match kind {
            Kind::Session => Object::Session(Box::new(self.session(n, outcome, sale))),
            Kind::Customer if paid => Object::Customer(Box::new(Customer {
                id: self.id(kind, n),
                created: self.created(kind, n),
                email: Some(sale.email),
                address: Some(address_in(sale.country)),
                shipping: Some((sale.name.clone(), address_in(sale.country))),
                name: Some(sale.name),
                phone: None,
                description: None,
                locale: Some(sale.locale.to_owned()),
                metadata: Default::default(),
            })),
            Kind::Intent if paid => Object::Intent(Box::new(self.intent(n, sale))),
            Kind::Charge if paid => Object::Charge(Box::new(self.charge(n, outcome, sale))),
            Kind::Refund if matches!(outcome, Outcome::Refunded | Outcome::PartlyRefunded) => {
                Object::Refund(Box::new(Refund {
                    id: self.id(kind, n),
                    created: self.created(kind, n),
                    amount: refunded(outcome, sale.amount),
                    currency: sale.currency,
                    charge: self.id(Kind::Charge, n),
                    intent: Some(self.id(Kind::Intent, n)),
                    reason: Some("requested_by_customer".to_owned()),
                    status: RefundState::Succeeded,
                    metadata: Default::default(),
                    failure_reason: None,
                    balance_transaction: Some(codes::id("txn_3", self.seed, n, 23)),
                }))
            }
            Kind::Dispute => Object::Dispute(Box::new(Dispute {
                id: self.id(kind, n),
                created: self.created(kind, n),
                amount: sale.amount,
                currency: sale.currency,
                charge: self.id(Kind::Charge, n),
                intent: Some(self.id(Kind::Intent, n)),
                reason: "fraudulent".to_owned(),
                status: match outcome {
                    Outcome::DisputeOpen => DisputeStatus::NeedsResponse,
                    Outcome::DisputeWon => DisputeStatus::Won,
                    Outcome::DisputeLost => DisputeStatus::Lost,
                    _ => return None,
                },
                due_by: self.created(kind, n) + 9 * 86_400,
                email: Some(sale.email),
                metadata: Default::default(),
            })),
            _ => return None,
        })
    }

    /// All objects of an order, the customer first.
    pub(crate) fn order(&self, n: u64) -> Vec<Object> {
        [Kind::Customer, Kind::Session, Kind::Intent, Kind::Charge, Kind::Refund, Kind::Dispute]
            .into_iter()
            .filter_map(|kind| self.object(kind, n))
            .collect()
    }

    fn metadata(&self, n: u64, sale: &Sale) -> crate::json::Metadata {
        let drawn = codes::hash(self.seed, n, 3);
        shop_metadata([
            ("preorderId", Some(&codes::id("po_", self.seed, n, 12))),
            ("userId", Some(&codes::id("u_", self.seed, n, 20))),
            ("email", Some(&sale.email)),
            ("color", Some(COLORS[drawn as usize % COLORS.len()])),
            ("locale", Some(sale.locale)),
            ("source", Some(SOURCES[(drawn >> 8) as usize % SOURCES.len()])),
        ])
    }

    fn session(&self, n: u64, outcome: Outcome, sale: Sale) -> Session {
        let paid = !matches!(outcome, Outcome::Open | Outcome::Expired);
        let open = outcome == Outcome::Open;
        let metadata = self.metadata(n, &sale);
        let opened = self.opened_at(n);
        Session {
            id: self.id(Kind::Session, n),
            created: opened,
            expires_at: opened + 86_400,
            status: match outcome {
                Outcome::Open => SessionStatus::Open,
                Outcome::Expired => SessionStatus::Expired,
                _ => SessionStatus::Complete,
            },
            payment_status: if paid { PaymentStatus::Paid } else { PaymentStatus::Unpaid },
            amount: sale.amount,
            currency: sale.currency.clone(),
            customer: paid.then(|| self.id(Kind::Customer, n)),
            customer_creation: Some("always"),
            customer_email: Some(sale.email.clone()),
            buyer_email: paid.then(|| sale.email.clone()),
            buyer_name: paid.then(|| sale.name.clone()),
            address: paid.then(|| address_in(sale.country)),
            collects_shipping: true,
            client_reference_id: metadata.get("preorderId").cloned(),
            intent: paid.then(|| self.id(Kind::Intent, n)),
            locale: Some(sale.locale.to_owned()),
            recovery: None,
            recovered_from: None,
            success_url: Some("https://shop.example.com/thanks?session_id={CHECKOUT_SESSION_ID}".to_owned()),
            cancel_url: Some("https://shop.example.com/preorder".to_owned()),
            items: vec![LineItem {
                id: codes::id("li_1", self.seed, n, 23),
                price: sale.price,
                product: self.prices.product.clone(),
                price_active: true,
                price_created: self.prices.created,
                lookup_key: Some(format!("preorder_{}", sale.currency)),
                nickname: None,
                price_metadata: Default::default(),
                description: "Lanternfish night lamp (preorder)".to_owned(),
                quantity: 1,
                unit_amount: sale.amount,
                discount: 0,
                off_by: 0,
                currency: sale.currency,
            }],
            // Only an open session still needs what its payment will carry.
            intent_metadata: if open { metadata.clone() } else { Default::default() },
            metadata,
            intent_receipt_email: None,
            captures_by_hand: false,
            will_type: if open {
                Typed { email: None, name: Some(sale.name), address: Some(address_in(sale.country)) }
            } else {
                Typed::default()
            },
        }
    }

    fn intent(&self, n: u64, sale: Sale) -> Intent {
        Intent {
            id: self.id(Kind::Intent, n),
            created: self.created(Kind::Intent, n),
            amount: sale.amount,
            amount_capturable: 0,
            amount_received: sale.amount,
            status: IntentStatus::Succeeded,
            method: Method::Card,
            payment_method: Some(codes::id("pm_1", self.seed, n, 23)),
            customer: Some(self.id(Kind::Customer, n)),
            receipt_email: None,
            description: None,
            metadata: self.metadata(n, &sale),
            latest_charge: Some(self.id(Kind::Charge, n)),
            captures_by_hand: false,
            canceled_at: None,
            cancellation_reason: None,
            failure: None,
            shipping: Some((sale.name, address_in(sale.country))),
            session: Some(self.id(Kind::Session, n)),
            currency: sale.currency,
        }
    }

    fn charge(&self, n: u64, outcome: Outcome, sale: Sale) -> Charge {
        let disputed = matches!(outcome, Outcome::DisputeOpen | Outcome::DisputeWon | Outcome::DisputeLost);
        Charge {
            id: self.id(Kind::Charge, n),
            created: self.created(Kind::Charge, n),
            amount: sale.amount,
            amount_captured: sale.amount,
            amount_refunded: refunded(outcome, sale.amount),
            captured: true,
            refunded: outcome == Outcome::Refunded,
            disputed,
            status: ChargeStatus::Succeeded,
            method: Method::Card,
            payment_method: Some(codes::id("pm_1", self.seed, n, 23)),
            customer: Some(self.id(Kind::Customer, n)),
            intent: Some(self.id(Kind::Intent, n)),
            metadata: self.metadata(n, &sale),
            email: Some(sale.email),
            name: Some(sale.name.clone()),
            address: Some(address_in(sale.country)),
            receipt_email: None,
            description: None,
            failure: None,
            balance_transaction: Some(codes::id("txn_3", self.seed, n, 23)),
            shipping: Some((sale.name, address_in(sale.country))),
            capture_before: None,
            dispute: disputed.then(|| self.id(Kind::Dispute, n)),
            currency: sale.currency,
        }
    }
}

fn refunded(outcome: Outcome, amount: i64) -> i64 {
    match outcome {
        Outcome::Refunded => amount,
        Outcome::PartlyRefunded => amount / 40 * 10,
        _ => 0,
    }
}

/// Notes in the ledger what is true of an order that became ordinary.
pub(crate) fn note(book: &mut Book, order: &[Object]) {
    for object in order {
        match object {
            Object::Session(s) => {
                let state = match s.status {
                    SessionStatus::Open => SessionState::Open,
                    SessionStatus::Complete => SessionState::Complete,
                    SessionStatus::Expired => SessionState::Expired,
                };
                let note = SessionNote {
                    id: s.id.clone(),
                    created: s.created,
                    state,
                    completed_at: None,
                    recovered_from: None,
                    page_locale: s.locale.clone(),
                    amount: s.amount,
                    currency: s.currency.clone(),
                    pack: None,
                };
                book.session_opened(note, s.email(), &s.metadata);
            }
            Object::Intent(i) => {
                let payment = Payment {
                    id: i.id.clone(),
                    created: i.created,
                    amount: i.amount,
                    currency: i.currency.clone(),
                    state: PayState::New,
                    tried: false,
                    declined: false,
                    paid_at: None,
                    charges: Vec::new(),
                    refunds: Vec::new(),
                    disputes: Vec::new(),
                };
                book.payment_made(i.session.as_deref(), payment, None, &i.metadata);
                book.payment_state(&i.id, PayState::Paid, i.created);
            }
            Object::Charge(c) => {
                book.charged(c.intent.as_deref().unwrap_or_default(), &c.id, c.created, &c.metadata);
            }
            Object::Refund(r) => book.refunded(&r.charge, &r.id, r.amount, r.status),
            Object::Dispute(d) => {
                book.disputed(&d.charge, &d.id);
                book.dispute_state(&d.id, d.status);
            }
            _ => {}
        }
    }
}

const _: () = assert!(PAID_AFTER_S > 0 && REFUNDED_AFTER_S < DISPUTED_AFTER_S);
