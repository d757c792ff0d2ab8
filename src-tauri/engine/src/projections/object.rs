//! Reads one Stripe object, of any kind and API version, into the few fields that orders are made of.

use super::sales::Sale;
use super::shapes::Wire;
use crate::domain::email;
use crate::domain::ids::usable_preorder_id;
use crate::domain::kind::Kind;
use crate::domain::plan::Item;
use crate::domain::settings::MetadataNames;
use crate::domain::wire::{Metadata, Text};

/// Longest text kept of a name or a dimension; the whole stays in the fact.
const MAX_TEXT: usize = 500;

/// The newest state of an object, as far as orders care.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectState {
    /// Created at Stripe, unix seconds; None where the object does not say.
    pub created: Option<i64>,
    /// Stripe's status; inferred for versions that had none.
    pub status: Option<String>,
    /// A session's payment status; `captured` or `uncaptured` of a charge; `declined` of an intent whose
    /// last attempt failed.
    pub sub_status: Option<String>,
    /// Amount in minor units.
    pub amount: Option<i64>,
    /// A charge's refunded part, minor units.
    pub amount_part: Option<i64>,
    /// Lower-case currency.
    pub currency: Option<String>,
    /// Normalised e-mail the object itself carries.
    pub email: Option<String>,
    /// A person's name.
    pub name: Option<String>,
    /// preorderId, where usable.
    pub preorder_id: Option<String>,
    /// The shop's user id.
    pub user_id: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Source.
    pub source: Option<String>,
    /// The plan its metadata names.
    pub plan: Option<String>,
    /// The credits its metadata names.
    pub credits: Option<i64>,
    /// A payment was tried.
    pub attempted: bool,
    /// Why the last attempt failed, or the reason of a refund, dispute or cancellation.
    pub detail: Option<String>,
    /// Until when something can be done, unix seconds: a session expires, a dispute can be answered, a hold be captured.
    pub expires_at: Option<i64>,
    /// The intent it belongs to.
    pub intent: Option<String>,
    /// The charge it belongs to.
    pub charge: Option<String>,
    /// The session it was recovered from.
    pub recovered_from: Option<String>,
    /// Its customer.
    pub customer: Option<String>,
    /// The product of a price.
    pub product: Option<String>,
    /// It says where goods are sent to.
    pub address: bool,
    /// Deleted at Stripe.
    pub deleted: bool,
}

/// An object that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadObject {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Its state.
    pub state: ObjectState,
    /// What a session sells, where the answer brought all its line items.
    pub sale: Option<Sale>,
}

/// Why an object of a known kind could not be read. Its bytes are stored all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It carries no id.
    NoId,
    /// It is not an object.
    NotAnObject,
    /// Its event does not say when it was made.
    NoCreated,
    /// Its kind is not one that orders are made of.
    OtherKind,
}

impl Unreadable {
    /// The name it is counted under.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoId => "no_id",
            Self::NotAnObject => "not_an_object",
            Self::NoCreated => "no_created",
            Self::OtherKind => "other_kind",
        }
    }
}

/// Reads an object. `event_type` helps with versions that left out what the type implies.
///
/// # Errors
/// [`Unreadable`], by name.
pub fn read_object(
    json: &str,
    event_type: Option<&str>,
    names: &MetadataNames,
) -> Result<ReadObject, Unreadable> {
    if !json.trim_start().starts_with('{') {
        return Err(Unreadable::NotAnObject);
    }
    let wire: Wire<'_> = serde_json::from_str(json).map_err(|_not_json| Unreadable::NotAnObject)?;
    let kind = match wire.object.get() {
        Some(object) => Kind::parse(object),
        None => event_type.map_or(Kind::Other, kind_of_event),
    };
    if kind == Kind::Other {
        return Err(Unreadable::OtherKind);
    }
    let id = wire.id.owned().filter(|id| id.len() <= 255).ok_or(Unreadable::NoId)?;
    let deleted = wire.deleted.0 == Some(true) || event_type.is_some_and(is_deletion);
    let state = if deleted {
        ObjectState { deleted, ..ObjectState::default() }
    } else {
        state_of(kind, &wire, event_type, names)
    };
    let sale = if kind == Kind::Session && !deleted { sale(&wire, &state) } else { None };
    Ok(ReadObject { id, kind, state, sale })
}

/// Line items are listed ten at a time; an answer that has not all of them says nothing.
fn sale(wire: &Wire<'_>, state: &ObjectState) -> Option<Sale> {
    let lines = &wire.line_items.0;
    if lines.data.0.is_empty() || lines.has_more.0 == Some(true) {
        return None;
    }
    let owned = |text: &Text<'_>| text.get().map(str::to_owned);
    let mut items: Vec<(Item, Option<i64>)> = lines
        .data
        .0
        .iter()
        .map(|line| {
            let price = &line.0.price.0;
            let item = Item {
                price: owned(&price.id),
                product: price.product.get().map(str::to_owned),
                lookup_key: owned(&price.lookup_key),
                quantity: line.0.quantity.0.unwrap_or(1),
            };
            (item, price.unit_amount.0)
        })
        .collect();
    items.sort();
    let totals = &wire.total_details.0;
    Some(Sale {
        items,
        total: state.amount,
        tax: totals.amount_tax.0.unwrap_or_default(),
        shipping: totals.amount_shipping.0.unwrap_or_default(),
        discounted: totals.amount_discount.0.is_some_and(|minor| minor > 0) || !wire.discounts.0.is_empty(),
        currency: state.currency.clone(),
    })
}

fn is_deletion(event_type: &str) -> bool {
    matches!(event_type, "customer.deleted" | "product.deleted" | "price.deleted")
}

/// The kind an event speaks of, by its type, for objects that do not name theirs.
fn kind_of_event(event_type: &str) -> Kind {
    let prefixes = [
        ("checkout.session.", Kind::Session),
        ("payment_intent.", Kind::Intent),
        ("charge.dispute.", Kind::Dispute),
        ("charge.refund.", Kind::Refund),
        ("refund.", Kind::Refund),
        ("charge.", Kind::Charge),
        ("product.", Kind::Product),
        ("price.", Kind::Price),
    ];
    let customer_itself = matches!(event_type, "customer.created" | "customer.updated" | "customer.deleted");
    if customer_itself {
        return Kind::Customer;
    }
    prefixes
        .into_iter()
        .find(|(prefix, _)| event_type.starts_with(prefix))
        .map_or(Kind::Other, |(_, kind)| kind)
}

fn state_of(kind: Kind, wire: &Wire<'_>, event_type: Option<&str>, names: &MetadataNames) -> ObjectState {
    let base = ObjectState {
        created: wire.created.0,
        status: wire.status.owned(),
        amount: wire.amount.0,
        currency: wire.currency.get().map(str::to_ascii_lowercase),
        preorder_id: preorder_id(&wire.metadata, names),
        user_id: text(wire.metadata.first(&names.user_id)),
        color: text(wire.metadata.first(&names.color)),
        locale: text(wire.metadata.first(&names.locale)),
        source: text(wire.metadata.first(&names.source)),
        email: wire.metadata.first(&names.email).and_then(email::normalize),
        plan: text(wire.metadata.first(&names.plan)),
        credits: wire.metadata.first(&names.credits).and_then(|credits| credits.trim().parse().ok()),
        customer: wire.customer.get().map(str::to_owned),
        ..ObjectState::default()
    };
    match kind {
        Kind::Session => session(wire, event_type, base),
        Kind::Intent => intent(wire, base),
        Kind::Charge => charge(wire, base),
        Kind::Refund | Kind::Dispute => reversal(kind, wire, base),
        // No order is made of these: what their metadata says of one joins nothing and counts for nothing.
        Kind::Customer => ObjectState {
            email: first_email(&[&wire.email]).or(base.email),
            name: text(wire.name.get()),
            preorder_id: None,
            ..base
        },
        Kind::Price | Kind::Product => ObjectState {
            name: text(wire.name.get()),
            preorder_id: None,
            amount: wire.unit_amount.0,
            status: wire.active.0.map(|active| if active { "active" } else { "inactive" }.to_owned()),
            product: wire.product.get().map(str::to_owned),
            ..base
        },
        Kind::Local | Kind::Endpoint | Kind::Other => {
            ObjectState { name: text(wire.name.get()), preorder_id: None, ..base }
        }
    }
}

fn session(wire: &Wire<'_>, event_type: Option<&str>, base: ObjectState) -> ObjectState {
    let completed = event_type.is_some_and(|kind| {
        matches!(kind, "checkout.session.completed" | "checkout.session.async_payment_succeeded")
    });
    let status = base.status.or_else(|| match event_type {
        Some("checkout.session.expired") => Some("expired".to_owned()),
        Some(_) if completed => Some("complete".to_owned()),
        _ => None,
    });
    // Before payment_status existed a completed session was a paid one.
    let sub_status = wire.payment_status.owned().or_else(|| completed.then(|| "paid".to_owned()));
    let items = &wire.display_items.0;
    let listed: Option<i64> = items
        .iter()
        .map(|item| item.0.amount.0?.checked_mul(item.0.quantity.0.unwrap_or(1)))
        .try_fold(0_i64, |sum, line| sum.checked_add(line?))
        .filter(|_| !items.is_empty());
    let listed_currency = items.first().and_then(|item| item.0.currency.get()).map(str::to_ascii_lowercase);
    ObjectState {
        status,
        sub_status,
        amount: wire.amount_total.0.or(listed),
        currency: base.currency.or(listed_currency),
        email: first_email(&[&wire.customer_details.0.email, &wire.customer_email]).or(base.email),
        name: text(wire.customer_details.0.name.get()),
        locale: base.locale.or_else(|| text(wire.locale.get().filter(|locale| *locale != "auto"))),
        expires_at: wire.expires_at.0,
        intent: wire.payment_intent.get().map(str::to_owned),
        recovered_from: wire.recovered_from.get().map(str::to_owned),
        address: wire.collected_information.0.shipping_details.0.is_there()
            || wire.shipping_details.0.is_there()
            || wire.shipping.0.is_there(),
        ..base
    }
}

fn intent(wire: &Wire<'_>, base: ObjectState) -> ObjectState {
    let failure = &wire.last_payment_error.0;
    let failed = failure.decline_code.get().or_else(|| failure.code.get()).or_else(|| failure.kind.get());
    let waiting = matches!(
        base.status.as_deref(),
        None | Some("requires_payment_method" | "requires_source" | "requires_confirmation" | "canceled")
    );
    let charged = wire.latest_charge.get().is_some() || !wire.charges.0.data.0.is_empty();
    ObjectState {
        attempted: !waiting || failed.is_some() || charged,
        sub_status: failed.map(|_| "declined".to_owned()),
        detail: text(failed.or_else(|| wire.cancellation_reason.get())),
        email: first_email(&[&wire.receipt_email]).or(base.email),
        address: wire.shipping.0.is_there(),
        ..base
    }
}

fn charge(wire: &Wire<'_>, base: ObjectState) -> ObjectState {
    let status = match base.status.as_deref() {
        Some("paid") => Some("succeeded".to_owned()),
        Some(_) => base.status,
        None => wire.paid.0.map(|paid| if paid { "succeeded" } else { "failed" }.to_owned()),
    };
    let captured = if wire.captured.0 == Some(false) { "uncaptured" } else { "captured" };
    ObjectState {
        status,
        sub_status: Some(captured.to_owned()),
        amount_part: wire.amount_refunded.0,
        attempted: true,
        detail: text(wire.failure_code.get()),
        email: first_email(&[&wire.billing_details.0.email, &wire.receipt_email]).or(base.email),
        name: text(wire.billing_details.0.name.get()),
        intent: wire.payment_intent.get().map(str::to_owned),
        expires_at: wire.payment_method_details.0.card.0.capture_before.0,
        address: wire.shipping.0.is_there(),
        ..base
    }
}

fn reversal(kind: Kind, wire: &Wire<'_>, base: ObjectState) -> ObjectState {
    // Refunds had no status before 2014-12-17: they were done when they were made.
    let status = base.status.or_else(|| (kind == Kind::Refund).then(|| "succeeded".to_owned()));
    ObjectState {
        status,
        detail: text(wire.reason.get().or_else(|| wire.failure_code.get())),
        intent: wire.payment_intent.get().map(str::to_owned),
        charge: wire.charge.get().map(str::to_owned),
        expires_at: wire.evidence_details.0.due_by.0,
        // What an operator wrote on a refund says nothing of the order.
        email: None,
        color: None,
        locale: None,
        source: None,
        plan: None,
        credits: None,
        ..base
    }
}

fn preorder_id(metadata: &Metadata<'_>, names: &MetadataNames) -> Option<String> {
    let usable = |name: &String| metadata.0.get(name.as_str()).and_then(|value| usable_preorder_id(value));
    names.preorder_id.iter().find_map(usable).map(str::to_owned)
}

fn first_email(candidates: &[&Text<'_>]) -> Option<String> {
    candidates.iter().filter_map(|text| text.get()).find_map(email::normalize)
}

fn text(value: Option<&str>) -> Option<String> {
    let trimmed = value?.trim();
    (!trimmed.is_empty()).then(|| trimmed.chars().take(MAX_TEXT).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, event: Option<&str>) -> ReadObject {
        read_object(json, event, &MetadataNames::default()).unwrap()
    }

    #[test]
    fn a_session_of_2019_is_complete_paid_and_priced_by_its_items() {
        let json = r#"{"id":"cs_1","object":"checkout.session","payment_intent":"pi_1","metadata":{},
            "display_items":[{"amount":1500,"currency":"usd","quantity":2}]}"#;
        let state = read(json, Some("checkout.session.completed")).state;
        assert_eq!(state.status.as_deref(), Some("complete"));
        assert_eq!(state.sub_status.as_deref(), Some("paid"));
        assert_eq!((state.amount, state.currency.as_deref()), (Some(3000), Some("usd")));
        assert_eq!(state.intent.as_deref(), Some("pi_1"));
    }

    #[test]
    fn expanded_ids_and_unusable_preorder_ids_read_as_they_should() {
        let json = r#"{"id":"ch_1","object":"charge","paid":true,"payment_intent":{"id":"pi_9","object":"payment_intent"},
            "metadata":{"preorderId":"undefined","preorder_id":"pre_2"},"billing_details":{"email":"A@X.org","name":null}}"#;
        let state = read(json, None).state;
        assert_eq!(state.intent.as_deref(), Some("pi_9"));
        assert_eq!(state.preorder_id.as_deref(), Some("pre_2"));
        assert_eq!(state.status.as_deref(), Some("succeeded"));
        assert_eq!(state.email.as_deref(), Some("a@x.org"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let names = MetadataNames::default();
        assert_eq!(read_object("[]", None, &names), Err(Unreadable::NotAnObject));
        assert_eq!(read_object(r#"{"object":"charge"}"#, None, &names), Err(Unreadable::NoId));
        assert_eq!(
            read_object(r#"{"object":"invoice","id":"in_1"}"#, None, &names),
            Err(Unreadable::OtherKind)
        );
    }
}
