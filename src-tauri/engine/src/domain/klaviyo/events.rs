//! Events about orders: which there are, who sends them, and which of those seen at Klaviyo are of which order.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What an event tells of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OrderEvent {
    /// It was started.
    Started,
    /// It was paid.
    Success,
}

impl OrderEvent {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Started, Self::Success];

    /// The word as it is stored, typed, and part of a unique id.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Success => "success",
        }
    }

    /// Reads the word; None for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Who tells Klaviyo of orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EventPolicy {
    /// The shop's own site; Foredeck looks, and sends only what an operator asks for.
    #[default]
    Observe,
    /// The shop's own site; Foredeck sends, as backfill, what is still missing after a while.
    FillGaps,
    /// Foredeck; flows mail people because of it.
    SendAll,
}

impl EventPolicy {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Observe, Self::FillGaps, Self::SendAll];

    /// The word as it is stored and typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::FillGaps => "fill_gaps",
            Self::SendAll => "send_all",
        }
    }

    /// Reads the word; None for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// How a store's orders are told to Klaviyo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct KlaviyoSettings {
    /// Who tells Klaviyo of orders.
    pub policy: EventPolicy,
    /// The metric of an order that started.
    pub started_event: String,
    /// The metric of an order that was paid.
    pub success_event: String,
    /// Other names under which the shop's own site tells that one started.
    pub started_also: Vec<String>,
    /// Other names under which it tells that one was paid.
    pub success_also: Vec<String>,
    /// Minutes after which what is not there is missing, 5 to 10080.
    pub missing_after_min: u32,
    /// Days back that orders are held against Klaviyo, 1 to 3650.
    pub check_days: u32,
    /// The profile property of the colour; empty sets none.
    pub color_property: String,
    /// The profile property of the order's Stripe id; empty sets none.
    pub order_property: String,
    /// The profile property that says `preordering` or `paid`; empty sets none.
    pub status_property: String,
}

impl Default for KlaviyoSettings {
    fn default() -> Self {
        Self {
            policy: EventPolicy::Observe,
            started_event: "Rolitt Preorder Started".to_owned(),
            success_event: "Rolitt Preorder Success".to_owned(),
            started_also: vec!["Preorder Started".to_owned()],
            success_also: vec!["Preorder Success".to_owned()],
            missing_after_min: 60,
            check_days: 30,
            color_property: "yoyo_color".to_owned(),
            order_property: "stripe_order_id".to_owned(),
            status_property: "preorder_status".to_owned(),
        }
    }
}

impl KlaviyoSettings {
    /// The name that an event is sent under.
    pub fn name_of(&self, kind: OrderEvent) -> &str {
        match kind {
            OrderEvent::Started => &self.started_event,
            OrderEvent::Success => &self.success_event,
        }
    }

    /// Every name an event may stand under, the one it is sent under first.
    pub fn names_of(&self, kind: OrderEvent) -> Vec<&str> {
        let also = match kind {
            OrderEvent::Started => &self.started_also,
            OrderEvent::Success => &self.success_also,
        };
        let mut names = vec![self.name_of(kind)];
        for name in also {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// Says what cannot be set.
    ///
    /// # Errors
    /// A sentence of what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let every = [&self.started_event, &self.success_event]
            .into_iter()
            .chain(&self.started_also)
            .chain(&self.success_also);
        for name in every {
            let usable =
                !name.trim().is_empty() && name.chars().count() < 128 && !name.chars().any(char::is_control);
            if !usable {
                return Err(format!("{name:?} is no name of a metric"));
            }
        }
        if self.started_also.len() > 10 || self.success_also.len() > 10 {
            return Err("there are more than ten other names of an event".to_owned());
        }
        let (started, success) = (self.names_of(OrderEvent::Started), self.names_of(OrderEvent::Success));
        if started.iter().any(|name| success.contains(name)) {
            return Err("one name stands for both events".to_owned());
        }
        let properties = [&self.color_property, &self.order_property, &self.status_property];
        if properties.iter().any(|name| name.chars().count() > 100 || name.starts_with('$')) {
            return Err("a profile property is too long, or begins with $, which is Klaviyo's".to_owned());
        }
        if !(5..=10_080).contains(&self.missing_after_min) {
            return Err("missing_after_min is not within 5 to 10080".to_owned());
        }
        if !(1..=3_650).contains(&self.check_days) {
            return Err("check_days is not within 1 to 3650".to_owned());
        }
        Ok(())
    }
}

/// How an order's event stands at Klaviyo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EventVerdict {
    /// It is there, once, and says what the order says.
    Present,
    /// It is not there yet, and may still come.
    Waiting,
    /// It was sent from here, and is not to be seen yet.
    Sent,
    /// It is not there.
    Missing,
    /// It is there more than once.
    Double,
    /// It says another value or currency.
    WrongValue,
    /// It says another colour.
    WrongColor,
    /// It stands under another name than it is sent under.
    WrongName,
    /// The order has no e-mail: nobody can be told of it.
    NoEmail,
}

impl EventVerdict {
    /// Every one, what has to be looked at first.
    pub const ALL: [Self; 9] = [
        Self::Double,
        Self::Missing,
        Self::WrongValue,
        Self::WrongColor,
        Self::WrongName,
        Self::NoEmail,
        Self::Waiting,
        Self::Sent,
        Self::Present,
    ];

    /// The word as it is stored and typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Missing => "missing",
            Self::Double => "double",
            Self::WrongValue => "wrong_value",
            Self::WrongColor => "wrong_color",
            Self::WrongName => "wrong_name",
            Self::NoEmail => "no_email",
        }
    }

    /// Reads the word; None for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// An event of a person as it was seen, as far as orders are told apart by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAt<'a> {
    /// The order it names.
    pub label: Option<&'a str>,
    /// Its unique id.
    pub unique_id: Option<&'a str>,
    /// When it happened, unix seconds.
    pub at: i64,
}

/// An order of the person as far as events are told apart by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAt {
    /// Its id, former ids, and those of its objects.
    pub ids: Vec<String>,
    /// Unique ids that were chosen for it.
    pub chosen: Vec<String>,
    /// When it happened, unix seconds.
    pub at: i64,
}

/// Beyond this an event that names no order is none of one's.
const FAR_S: i64 = 30 * 86_400;

/// Says of each event of a person, all of one kind, which of the person's orders it is of. One that names an order is of
/// that one or of none; one that names nothing is of the nearest order in time, of those without one first.
pub fn assign(events: &[SeenAt<'_>], orders: &[OrderAt]) -> Vec<Option<usize>> {
    let mut of: Vec<Option<usize>> = vec![None; events.len()];
    let mut has = vec![false; orders.len()];
    let mut unnamed = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let by_choice = event
            .unique_id
            .and_then(|unique| orders.iter().position(|order| order.chosen.iter().any(|one| one == unique)));
        let by_label = || {
            event
                .label
                .and_then(|label| orders.iter().position(|order| order.ids.iter().any(|id| id == label)))
        };
        match by_choice.or_else(by_label) {
            Some(order) => {
                of[index] = Some(order);
                has[order] = true;
            }
            None if event.label.is_none() => unnamed.push(index),
            None => {}
        }
    }
    unnamed.sort_by_key(|index| events[*index].at);
    for index in unnamed {
        let far = |order: &usize| orders[*order].at.abs_diff(events[index].at);
        let nearest = (0..orders.len()).min_by_key(|order| (has[*order], far(order), *order));
        if let Some(order) = nearest.filter(|order| far(order) <= FAR_S.unsigned_abs()) {
            of[index] = Some(order);
            has[order] = true;
        }
    }
    of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, at: i64) -> OrderAt {
        OrderAt { ids: vec![id.to_owned(), format!("cs_{id}")], chosen: vec![format!("{id}:started")], at }
    }

    fn seen(label: Option<&'static str>, at: i64) -> SeenAt<'static> {
        SeenAt { label, unique_id: None, at }
    }

    #[test]
    fn an_event_that_names_an_order_is_of_that_one_or_of_none() {
        let orders = [order("a", 100), order("b", 200)];
        let events = [seen(Some("b"), 100), seen(Some("x"), 100), seen(Some("cs_a"), 900)];
        assert_eq!(assign(&events, &orders), [Some(1), None, Some(0)]);
        let ours = SeenAt { label: Some("elsewhere"), unique_id: Some("a:started"), at: 5 };
        assert_eq!(assign(&[ours], &orders), [Some(0)], "what was chosen for it is its own after a merge");
    }

    #[test]
    fn events_that_name_nothing_go_to_the_nearest_orders_each_one_first() {
        let orders = [order("a", 1_000), order("b", 2_000)];
        assert_eq!(assign(&[seen(None, 1_900), seen(None, 2_100)], &orders), [Some(1), Some(0)]);
        assert_eq!(
            assign(&[seen(None, 900), seen(None, 2_100), seen(None, 2_200)], &orders),
            [Some(0), Some(1), Some(1)]
        );
        let far = 1_000 - FAR_S - 1;
        assert_eq!(assign(&[seen(None, far)], &orders), [None]);
        assert_eq!(assign(&[seen(None, 1)], &[]), [None]);
    }

    #[test]
    fn names_that_cannot_be_told_apart_are_refused() {
        assert_eq!(KlaviyoSettings::default().check(), Ok(()));
        let same =
            KlaviyoSettings { success_event: "Preorder Started".to_owned(), ..KlaviyoSettings::default() };
        assert!(same.check().is_err());
        let none = KlaviyoSettings { started_event: " ".to_owned(), ..KlaviyoSettings::default() };
        assert!(none.check().is_err());
        let long = KlaviyoSettings { success_also: vec!["x".repeat(128)], ..KlaviyoSettings::default() };
        assert!(long.check().is_err());
    }
}
