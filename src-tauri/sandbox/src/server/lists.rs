//! GET on lists: parameters to a page, a page to JSON.

use super::form::Form;
use crate::json::{Json, parse};
use crate::objects::{Kind, Object};
use crate::scale::Scale;
use crate::world::{Bounds, Found, Page, PageQuery, Refusal, Start, Told, World};

const PAGING: [&str; 4] = ["limit", "starting_after", "ending_before", "created"];

/// Answers the list of a kind.
pub(super) fn list(world: &World, kind: Kind, form: &Form) -> Told<Vec<u8>> {
    let filters: &[&str] = match kind {
        Kind::Session => &[
            "status",
            "customer",
            "customer_account",
            "customer_details",
            "payment_intent",
            "payment_link",
            "subscription",
        ],
        Kind::Intent => &["customer", "customer_account"],
        Kind::Charge => &["customer", "payment_intent", "transfer_group"],
        Kind::Refund | Kind::Dispute => &["charge", "payment_intent"],
        Kind::Customer => &["email", "test_clock"],
        Kind::Product => &["active", "ids", "shippable", "url"],
        Kind::Price => &["active", "currency", "lookup_keys", "product", "recurring", "type"],
        Kind::Endpoint => &[],
    };
    form.only(&[&PAGING, filters].concat())?;
    let query = page_query(form, |id| cursor(world, kind, id))?;
    let wanted = Wanted::of(world, kind, form)?;
    let page = world.page(kind, &query, |o| wanted.takes(o), |scale, n| wanted.takes_scale(scale, n));
    let expand: Vec<&str> = form.values("expand");
    page_json(world, kind, &page, &expand)
}

fn cursor(world: &World, kind: Kind, id: &str) -> Told<crate::world::Key> {
    let known = (Kind::of_id(id) == Some(kind)).then(|| world.key_of(id)).flatten();
    known.ok_or_else(|| Refusal::no_such(kind.name(), id).status(400))
}

/// The paging parameters that all lists share.
pub(super) fn page_query(form: &Form, key_of: impl Fn(&str) -> Told<crate::world::Key>) -> Told<PageQuery> {
    let limit = form.integer("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        let bound = if limit < 1 { "greater than or equal to 1" } else { "less than or equal to 100" };
        return Err(Refusal::invalid(format!("This value must be {bound} (it currently is '{limit}')."))
            .code("parameter_invalid_integer")
            .param("limit"));
    }
    let start = match (form.filled("starting_after"), form.filled("ending_before")) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "Received both starting_after and ending_before parameters. Please pass in only one.",
            )
            .code("parameters_exclusive"));
        }
        (Some(id), None) => Start::After(key_of(id).map_err(|r| r.param("starting_after"))?),
        (None, Some(id)) => Start::Before(key_of(id).map_err(|r| r.param("ending_before"))?),
        (None, None) => Start::Head,
    };
    let mut bounds = Bounds::default();
    if let Some(exactly) = form.integer("created")? {
        bounds = Bounds { lowest: exactly, highest: exactly };
    }
    for (key, _) in form.under("created").pairs() {
        let value = form.integer(&format!("created[{key}]"))?.unwrap_or_default();
        match key.as_str() {
            "gt" => bounds.lowest = bounds.lowest.max(value + 1),
            "gte" => bounds.lowest = bounds.lowest.max(value),
            "lt" => bounds.highest = bounds.highest.min(value - 1),
            "lte" => bounds.highest = bounds.highest.min(value),
            other => {
                return Err(Refusal::invalid(format!("Received unknown parameter: created[{other}]"))
                    .code("parameter_unknown")
                    .param("created"));
            }
        }
    }
    Ok(PageQuery { limit: limit as usize, start, bounds })
}

fn page_json(world: &World, kind: Kind, page: &Page<Found<'_>>, expand: &[&str]) -> Told<Vec<u8>> {
    let mut wants = Vec::new();
    for path in expand {
        match path.strip_prefix("data.") {
            Some(path) => wants.push(path),
            None => {
                return Err(
                    Refusal::invalid(format!("This property cannot be expanded ({path}).")).param("expand")
                );
            }
        }
    }
    let items_inside = kind == Kind::Session && wants.contains(&"line_items");
    let others: Vec<&str> =
        wants.into_iter().filter(|w| !(kind == Kind::Session && *w == "line_items")).collect();
    let mut j = Json::with_capacity(page.items.len() * 3600 + 256);
    j.object(|j| {
        j.text("object", "list");
        j.key("data");
        j.array(&page.items, |j, found| {
            if others.is_empty() {
                write_found(world, j, kind, *found, items_inside);
            } else {
                let mut one = Json::default();
                write_found(world, &mut one, kind, *found, items_inside);
                let mut value = parse(&one.into_bytes());
                for path in &others {
                    super::expand::expand(world, &mut value, path);
                }
                j.bytes(value.to_string().as_bytes());
            }
        });
        j.flag("has_more", page.has_more);
        j.text("url", kind.path());
    });
    Ok(j.into_bytes())
}

fn write_found(world: &World, j: &mut Json, kind: Kind, found: Found<'_>, items_inside: bool) {
    match found {
        Found::Ordinary(Object::Session(s)) => s.write_with(j, world.livemode, items_inside),
        Found::Ordinary(object) => object.write(j, world.livemode),
        Found::Scale(n) => {
            if let Some(scale) = &world.scale {
                scale.write(j, kind, n, items_inside);
            }
        }
    }
}

/// The filters of one list request.
#[derive(Default)]
struct Wanted {
    status: Option<String>,
    customer: Option<String>,
    intent: Option<String>,
    charge: Option<String>,
    email: Option<String>,
    product: Option<String>,
    currency: Option<String>,
    active: Option<bool>,
    lookup_keys: Vec<String>,
    ids: Vec<String>,
    /// The one scale order that an id or e-mail among the filters points to; `Some(None)`: to none.
    in_scale: Option<Option<u64>>,
}

impl Wanted {
    fn of(world: &World, kind: Kind, form: &Form) -> Told<Wanted> {
        let text = |name: &str| form.filled(name).map(str::to_owned);
        let mut wanted = Wanted {
            status: text("status"),
            customer: text("customer"),
            intent: text("payment_intent"),
            charge: text("charge"),
            email: text("email").or(text("customer_details[email]")),
            product: text("product"),
            currency: text("currency"),
            active: form.flag("active")?,
            lookup_keys: form.values("lookup_keys").into_iter().map(str::to_owned).collect(),
            ids: form.values("ids").into_iter().map(str::to_owned).collect(),
            in_scale: None,
        };
        if let Some(status) = &wanted.status
            && !["open", "complete", "expired"].contains(&status.as_str())
        {
            return Err(Refusal::invalid(format!(
                "Invalid status: must be one of open, complete, or expired (was {status})"
            ))
            .param("status"));
        }
        if let Some(scale) = &world.scale {
            let ids = [&wanted.customer, &wanted.intent, &wanted.charge].into_iter().flatten();
            let by_id = ids.map(|id| scale.find(id));
            let by_email = wanted.email.as_ref().map(|email| scale.find_email(email));
            wanted.in_scale = by_id.chain(by_email).reduce(|a, b| if a == b { a } else { None });
        }
        let unsupported =
            ["payment_link", "subscription", "customer_account", "transfer_group", "test_clock", "recurring"];
        if unsupported.iter().any(|name| form.filled(name).is_some()) {
            wanted.ids = vec![format!("no {} has that", kind.name())];
        }
        Ok(wanted)
    }

    fn takes(&self, object: &Object) -> bool {
        let matches =
            |wanted: &Option<String>, has: Option<&str>| wanted.as_deref().is_none_or(|w| has == Some(w));
        if !self.ids.is_empty() && !self.ids.iter().any(|id| id == object.id()) {
            return false;
        }
        match object {
            Object::Session(s) => {
                matches(&self.status, Some(s.status.word()))
                    && matches(&self.customer, s.customer.as_deref())
                    && matches(&self.intent, s.intent.as_deref())
                    && matches(&self.email, s.email())
            }
            Object::Intent(i) => matches(&self.customer, i.customer.as_deref()),
            Object::Charge(c) => {
                matches(&self.customer, c.customer.as_deref()) && matches(&self.intent, c.intent.as_deref())
            }
            Object::Refund(r) => {
                matches(&self.charge, Some(&r.charge)) && matches(&self.intent, r.intent.as_deref())
            }
            Object::Dispute(d) => {
                matches(&self.charge, Some(&d.charge)) && matches(&self.intent, d.intent.as_deref())
            }
            Object::Customer(c) => matches(&self.email, c.email.as_deref()),
            Object::Product(p) => self.active.is_none_or(|active| p.active == active),
            Object::Price(p) => {
                self.active.is_none_or(|active| p.active == active)
                    && matches(&self.product, Some(&p.product))
                    && matches(&self.currency, Some(&p.currency))
                    && (self.lookup_keys.is_empty()
                        || p.lookup_key.as_ref().is_some_and(|key| self.lookup_keys.contains(key)))
            }
            Object::Endpoint(_) => true,
        }
    }

    fn takes_scale(&self, scale: &Scale, n: u64) -> bool {
        self.ids.is_empty()
            && self.in_scale.is_none_or(|only| only == Some(n))
            && self.status.as_deref().is_none_or(|status| scale.session_word(n) == status)
    }
}
