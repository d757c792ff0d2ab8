//! A program: the moves of an action as data, committed with it, so that whoever runs it after a crash runs the same.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tell::EventTold;
use super::tell_person::ProfileTold;
use crate::stripe::Post;

/// The moves of an action, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The moves.
    pub moves: Vec<Move>,
}

/// One move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "move", rename_all = "snake_case")]
pub enum Move {
    /// Reads an object from Stripe and keeps it as a fact.
    Read {
        /// Stripe's word of its kind.
        kind: String,
        /// Its id.
        id: String,
    },
    /// Looks for the customer of an e-mail; its object is what later moves use, if there is one.
    FindCustomer {
        /// The e-mail.
        email: String,
    },
    /// Changes something at Stripe.
    Write(Box<Write>),
    /// Tells Klaviyo of an order.
    Event(Box<EventTold>),
    /// Tells Klaviyo of a person.
    Profile(Box<ProfileTold>),
    /// Appends a local fact.
    Fact {
        /// Its kind.
        kind: String,
        /// What it is about.
        subject: String,
        /// Its other end: an id, or `$N` for the object of move N.
        object: Option<String>,
        /// Its body.
        body: Value,
    },
}

impl Move {
    /// Whether it changes something elsewhere.
    pub(super) const fn goes_out(&self) -> bool {
        matches!(self, Self::Write(_) | Self::Event(_) | Self::Profile(_))
    }

    /// Whether it is looked at again afterwards.
    pub(super) fn is_verified(&self) -> bool {
        match self {
            Self::Write(write) => !write.expect.is_empty(),
            Self::Event(_) | Self::Profile(_) => true,
            _ => false,
        }
    }
}

/// A write and all that is needed to make it happen once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The request.
    pub post: Post,
    /// Stripe's word of the kind of object that is answered.
    pub kind: String,
    /// The object it changes; None where it makes one.
    pub object: Option<String>,
    /// An idempotency key of its own, for what two desks must not both do.
    pub key: Option<String>,
    /// What must still be so just before it is sent.
    pub check: Vec<Check>,
    /// How to find out whether it happened.
    pub look: Look,
    /// What must be so afterwards.
    pub expect: Vec<Check>,
    /// A parameter to be filled with the object of an earlier move.
    pub fill: Option<(String, usize)>,
    /// Not sent where that earlier move found an object, which then stands for its own.
    pub unless: Option<usize>,
}

/// How to find out whether a write happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// It happened if the object is as expected.
    State,
    /// It happened if a list has an object with the action's mark.
    Made {
        /// The list's path.
        path: String,
        /// A filter, encoded; `created` is added where the list knows it.
        filter: Option<String>,
        /// Whether the list can be bounded by `created`.
        by_created: bool,
    },
    /// It cannot be found out.
    Never,
}

/// What an object must be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stripe's word of its kind.
    pub kind: String,
    /// The object; None for the one the write answered with.
    pub id: Option<String>,
    /// Its fields.
    pub fields: Vec<Expect>,
}

/// One field of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expect {
    /// JSON pointer.
    pub pointer: String,
    /// One of these values.
    pub any: Vec<Value>,
}

impl Expect {
    /// Expects one value.
    pub fn is(pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { pointer: pointer.into(), any: vec![value.into()] }
    }

    /// Expects one of several values.
    pub fn one_of(pointer: impl Into<String>, values: &[&str]) -> Self {
        Self { pointer: pointer.into(), any: values.iter().map(|value| Value::from(*value)).collect() }
    }
}

impl Check {
    /// The fields that are otherwise, as `pointer is value`; empty where all are as they must be.
    pub fn differences(&self, object: &Value) -> Vec<String> {
        let found = |expect: &Expect| object.pointer(&expect.pointer).cloned().unwrap_or(Value::Null);
        self.fields
            .iter()
            .filter(|expect| !expect.any.contains(&found(expect)))
            .map(|expect| format!("{} is {}", expect.pointer, found(expect)))
            .collect()
    }
}

/// A metadata key as part of a JSON pointer.
pub fn metadata_pointer(key: &str) -> String {
    format!("/metadata/{}", key.replace('~', "~0").replace('/', "~1"))
}
