//! What is true of the credits sold: who owns them, what each payment granted, what refunds and disputes took back.

use super::book::{Book, PayState, SessionState};
use super::read::bearers;
use crate::objects::{DisputeStatus, RefundState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which sources are read to tell who owns credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Checkouts alone.
    Stripe,
    /// Checkouts, and the shop's own table of users.
    StripeAndUsers,
}

/// A user as the shop registered them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopUser {
    /// The shop's id, as in metadata `userId`.
    pub id: String,
    /// Their e-mail.
    pub email: String,
    /// Their name.
    pub name: String,
    /// When they signed up, unix seconds.
    pub created: i64,
}

/// Where a payment for credits stands; the first that holds, from the bottom up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditStatus {
    /// It may still be paid.
    Pending,
    /// Paid, or nothing had to be paid.
    Paid,
    /// Refunds took a part back.
    PartiallyRefunded,
    /// Refunds took all of it back.
    Refunded,
    /// A dispute is open or lost.
    Disputed,
}

impl CreditStatus {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            CreditStatus::Pending => "pending",
            CreditStatus::Paid => "paid",
            CreditStatus::PartiallyRefunded => "partially_refunded",
            CreditStatus::Refunded => "refunded",
            CreditStatus::Disputed => "disputed",
        }
    }
}

/// One payment for credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditPayment {
    /// The intent's id; the session's where nothing had to be paid.
    pub payment_id: String,
    /// Its checkout.
    pub session_id: String,
    /// Its intent, if there is one.
    pub intent_id: Option<String>,
    /// `userId`, or the one user that its e-mail belongs to, else the e-mail in lower case (else `payment_id`).
    pub owner: String,
    /// Metadata `userId`.
    pub user_id: Option<String>,
    /// The buyer's e-mail as it was given.
    pub email: Option<String>,
    /// The pack's plan.
    pub plan: String,
    /// What the pack holds.
    pub credits: i64,
    /// Credits granted: the pack's once it was paid, before that 0.
    pub granted: i64,
    /// Credits that refunds and lost disputes take back.
    pub clawed: i64,
    /// Minor units.
    pub amount_minor: i64,
    /// Lower case.
    pub currency: String,
    /// What refunds that succeeded took back, minor units.
    pub refunded_minor: i64,
    /// What lost disputes took back, minor units.
    pub lost_minor: i64,
    /// Where it stands.
    pub status: CreditStatus,
    /// When the payment was made, unix seconds.
    pub created: i64,
    /// When it succeeded, unix seconds.
    pub paid_at: Option<i64>,
}

/// All payments for credits, oldest first, and what they come to. Payments that came to nothing are not among them,
/// nor are checkouts that nobody tried to pay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditLedger {
    /// Every payment that was made or may still be.
    pub payments: Vec<CreditPayment>,
    /// Credits by owner, granted less clawed back: the balance of somebody who spends nothing.
    pub balances: BTreeMap<String, i64>,
}

/// One sale of credits as it was noted, those that came to nothing included.
#[derive(Debug, Clone)]
pub(crate) struct Sale {
    pub payment: CreditPayment,
    /// Whether it can no longer be paid and never was.
    pub failed: bool,
    /// Refunds that stand: id and minor units.
    pub refunds: Vec<(String, i64)>,
    /// Disputes that were lost.
    pub lost: Vec<String>,
}

/// Which users an e-mail belongs to.
#[derive(Debug, Clone, Default)]
struct Owners {
    by_email: HashMap<String, BTreeSet<String>>,
}

impl Owners {
    /// The user of a payment: `userId`, or the only one that the e-mail belongs to.
    fn user(&self, user_id: Option<&str>, email: Option<&str>) -> Option<String> {
        let named = user_id.filter(|id| !id.trim().is_empty()).map(str::to_owned);
        named.or_else(|| {
            let users = self.by_email.get(&plain(email?))?;
            (users.len() == 1).then(|| users.first().cloned()).flatten()
        })
    }

    fn join(&mut self, email: &str, user: &str) {
        if !email.trim().is_empty() && !user.trim().is_empty() {
            self.by_email.entry(plain(email)).or_default().insert(user.to_owned());
        }
    }
}

/// An e-mail as it is compared.
fn plain(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Credits that a refund or a lost dispute of so much takes back.
pub(crate) fn clawed(granted: i64, taken_minor: i64, paid_minor: i64) -> i64 {
    if paid_minor <= 0 {
        return 0;
    }
    let share = i128::from(granted) * i128::from(taken_minor) / i128::from(paid_minor);
    i64::try_from(share).unwrap_or(granted).min(granted)
}

impl Book {
    /// What is true of the credits sold.
    pub(crate) fn credits(&self, known: Known) -> CreditLedger {
        let payments: Vec<CreditPayment> =
            self.sales(known).into_iter().filter(|sale| !sale.failed).map(|sale| sale.payment).collect();
        let mut balances = BTreeMap::new();
        for payment in payments.iter().filter(|p| p.status != CreditStatus::Pending) {
            *balances.entry(payment.owner.clone()).or_default() += payment.granted - payment.clawed;
        }
        CreditLedger { payments, balances }
    }

    /// Which users e-mails belong to, as far as these sources can tell.
    fn owners(&self, known: Known) -> Owners {
        let mut owners = Owners::default();
        for strand in &self.strands {
            let emails = strand.bearers.iter().filter_map(|b| b.tags.email.as_deref());
            for email in emails.chain(strand.email.as_deref()) {
                for user in strand.bearers.iter().filter_map(|b| b.tags.user_id.as_deref()) {
                    owners.join(email, user);
                }
            }
        }
        if known == Known::StripeAndUsers {
            for user in &self.users {
                owners.join(&user.email, &user.id);
            }
        }
        owners
    }

    /// Every sale of credits, oldest first.
    pub(crate) fn sales(&self, known: Known) -> Vec<Sale> {
        if !self.strands.iter().any(|s| s.session.as_ref().is_some_and(|s| s.pack.is_some())) {
            return Vec::new();
        }
        let owners = self.owners(known);
        let mut sales = Vec::new();
        for strand in &self.strands {
            let Some(session) = &strand.session else { continue };
            let Some(pack) = &session.pack else { continue };
            let bearers = bearers(&[strand]);
            let user_id = bearers.iter().find_map(|b| b.tags.user_id.clone());
            let email = bearers.iter().find_map(|b| b.tags.email.clone()).or_else(|| strand.email.clone());
            let blank = CreditPayment {
                payment_id: session.id.clone(),
                session_id: session.id.clone(),
                intent_id: None,
                owner: String::new(),
                user_id,
                email,
                plan: pack.plan.clone(),
                credits: pack.credits,
                granted: pack.credits,
                clawed: 0,
                amount_minor: session.amount,
                currency: session.currency.clone(),
                refunded_minor: 0,
                lost_minor: 0,
                status: CreditStatus::Paid,
                created: session.created,
                paid_at: session.completed_at,
            };
            let mut found = Vec::new();
            if session.state == SessionState::Free {
                found.push(Sale {
                    payment: blank.clone(),
                    failed: false,
                    refunds: Vec::new(),
                    lost: Vec::new(),
                });
            }
            found.extend(strand.payments.iter().map(|p| sale(&blank, p, session.state)));
            for sale in &mut found {
                let p = &mut sale.payment;
                let owner = owners.user(p.user_id.as_deref(), p.email.as_deref());
                p.owner = owner.or(p.email.as_deref().map(plain)).unwrap_or_else(|| p.payment_id.clone());
            }
            sales.append(&mut found);
        }
        sales.sort_by(|a, b| {
            (a.payment.created, &a.payment.payment_id).cmp(&(b.payment.created, &b.payment.payment_id))
        });
        sales
    }
}

fn sale(blank: &CreditPayment, p: &super::book::Payment, session: SessionState) -> Sale {
    let paid = p.paid_at.is_some();
    let refunds: Vec<(String, i64)> = p
        .refunds
        .iter()
        .filter(|r| r.2 == RefundState::Succeeded)
        .map(|(id, minor, _)| (id.clone(), *minor))
        .collect();
    let lost: Vec<String> =
        p.disputes.iter().filter(|d| d.1 == DisputeStatus::Lost).map(|d| d.0.clone()).collect();
    let refunded_minor: i64 = refunds.iter().map(|r| r.1).sum();
    // A dispute is about the whole charge.
    let lost_minor = p.amount * lost.len() as i64;
    let status = if !paid {
        CreditStatus::Pending
    } else if p.disputes.iter().any(|d| d.1.is_open() || d.1 == DisputeStatus::Lost) {
        CreditStatus::Disputed
    } else if refunded_minor > 0 && refunded_minor >= p.amount {
        CreditStatus::Refunded
    } else if refunded_minor > 0 {
        CreditStatus::PartiallyRefunded
    } else {
        CreditStatus::Paid
    };
    let granted = if paid { blank.credits } else { 0 };
    let over = match p.state {
        PayState::Canceled => true,
        PayState::Declined => session != SessionState::Open,
        _ => false,
    };
    Sale {
        payment: CreditPayment {
            payment_id: p.id.clone(),
            intent_id: Some(p.id.clone()),
            granted,
            clawed: clawed(granted, refunded_minor + lost_minor, p.amount),
            amount_minor: p.amount,
            currency: p.currency.clone(),
            refunded_minor,
            lost_minor,
            status,
            created: p.created,
            paid_at: p.paid_at,
            ..blank.clone()
        },
        failed: over && !paid,
        refunds,
        lost,
    }
}
