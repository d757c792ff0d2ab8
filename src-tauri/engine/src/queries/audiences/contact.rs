//! How to reach the person of an order: what the stored JSON of its objects says, the newest that says it.

use serde_json::Value;

use crate::db::{Connection, DbResult};
use crate::domain::customer_list::Contact;
use crate::domain::kind::Kind;
use crate::queries::stored_json::find_stored;

/// Reads what is known of how to reach the person of an order.
///
/// # Errors
/// The read failed, or a body is damaged.
pub(super) fn contact_of(connection: &Connection, order: i64, email: &str) -> DbResult<Contact> {
    let mut contact = Contact { email: email.to_owned(), ..Contact::default() };
    let mut customers = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT n.key, n.kind, n.customer, p.name FROM preorder p JOIN node n ON n.preorder = p.key
         WHERE p.key = ?1 AND n.deleted = 0 ORDER BY n.key = p.session DESC, n.created DESC, n.key DESC",
    )?;
    let mut rows = statement.query([order])?;
    while let Some(row) = rows.next()? {
        let (key, kind, customer): (i64, i64, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        contact.name = contact.name.take().or(row.get(3)?);
        if matches!(Kind::from_stored(kind), Kind::Session | Kind::Intent | Kind::Charge) {
            fill_from(connection, key, &mut contact)?;
        }
        customers.extend(customer.filter(|customer| !customers.contains(customer)));
    }
    for customer in customers {
        fill_from(connection, customer, &mut contact)?;
    }
    Ok(contact)
}

fn fill_from(connection: &Connection, key: i64, contact: &mut Contact) -> DbResult<()> {
    let full = contact.name.is_some() && contact.phone.is_some() && contact.postal_code.is_some();
    if full && contact.country.is_some() {
        return Ok(());
    }
    let Some(stored) = find_stored(connection, key)? else { return Ok(()) };
    let json: Value = serde_json::from_str(&stored.json).unwrap_or_default();
    fill(contact, &json);
    Ok(())
}

/// Takes what is not known yet: what was sent to before what was billed; a country with its own postal code.
fn fill(contact: &mut Contact, json: &Value) {
    let places = [
        &json["customer_details"],
        &json["collected_information"]["shipping_details"],
        &json["shipping_details"],
        &json["shipping"],
        &json["billing_details"],
        json,
    ];
    let text =
        |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    for place in places {
        contact.name = contact.name.take().or_else(|| text(&place["name"]));
        contact.phone = contact.phone.take().or_else(|| text(&place["phone"]));
    }
    for place in [1, 2, 3, 0, 4, 5].map(|at| places[at]) {
        let address = &place["address"];
        if contact.country.is_none() && address["country"].is_string() {
            contact.country = text(&address["country"]);
            contact.postal_code = text(&address["postal_code"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_shipped_to_goes_before_what_was_billed() {
        let mut contact = Contact::default();
        let shipped = json!({"name": "Ann Bell", "address": {"country": "DE", "postal_code": "10115"}});
        fill(
            &mut contact,
            &json!({
                "customer_details": {"name": "A. Bell", "phone": "+4930123456", "address": {"country": "FR", "postal_code": "75002"}},
                "collected_information": {"shipping_details": shipped},
            }),
        );
        let said = (contact.name.as_deref(), contact.phone.as_deref(), contact.country.as_deref());
        assert_eq!(said, (Some("A. Bell"), Some("+4930123456"), Some("DE")));
        assert_eq!(contact.postal_code.as_deref(), Some("10115"));
        fill(&mut contact, &json!({"billing_details": {"name": "Other", "address": {"country": "US"}}}));
        assert_eq!(contact.country.as_deref(), Some("DE"), "what is known stays");
    }

    #[test]
    fn any_shape_reads() {
        let mut contact = Contact::default();
        for odd in [
            json!(null),
            json!([]),
            json!({"shipping": 3, "customer_details": {"address": []}}),
            json!({"name": " "}),
        ] {
            fill(&mut contact, &odd);
        }
        assert_eq!(contact, Contact::default());
    }
}
