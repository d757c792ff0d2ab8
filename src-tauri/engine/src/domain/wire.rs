//! Tolerant readers of Stripe's JSON: of any API version, with any field missing or of another shape.
//!
//! A field that is not what it should be reads as absent; only text that is not JSON fails.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde_json::value::RawValue;

/// Text, or absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text, unless absent or empty.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    /// An owned copy, unless absent or empty.
    pub fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }
}

/// A whole number (also when written as text or as `12.0`), or absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Int(pub Option<i64>);

/// True, false, or absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

/// A reference: an id as text, or an expanded object with an id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ref<'a>(pub Option<Cow<'a, str>>);

impl Ref<'_> {
    /// The id, unless absent.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|id| !id.is_empty())
    }
}

/// An object of known shape; anything else reads as its default.
#[derive(Debug, Clone, Default)]
pub struct Nested<T>(pub T);

/// A list whose items are of known shape; anything else reads as empty.
#[derive(Debug, Clone)]
pub struct Items<T>(pub Vec<T>);

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Metadata: names to text. Old PHP captures write `[]` for none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata<'a>(pub BTreeMap<Cow<'a, str>, Cow<'a, str>>);

impl Metadata<'_> {
    /// The first of these names that carries text.
    pub fn first(&self, names: &[String]) -> Option<&str> {
        names
            .iter()
            .filter_map(|name| self.0.get(name.as_str()))
            .map(|value| value.trim())
            .find(|value| !value.is_empty())
    }
}

/// Drains whatever was not asked for, so that the reader stays in step.
macro_rules! ignore_containers {
    ($lt:lifetime) => {
        fn visit_seq<A: SeqAccess<$lt>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

macro_rules! absent_scalars {
    ($($name:ident($kind:ty)),*) => {
        $(fn $name<E>(self, _value: $kind) -> Result<Self::Value, E> { Ok(Self::Value::default()) })*
        fn visit_unit<E>(self) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
        fn visit_none<E>(self) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
            ignore_containers!('de);
            absent_scalars!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Int;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E>(self, value: i64) -> Result<Int, E> {
                Ok(Int(Some(value)))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Int, E> {
                Ok(Int(i64::try_from(value).ok()))
            }
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
            fn visit_f64<E>(self, value: f64) -> Result<Int, E> {
                let whole = value.fract() == 0.0 && value.abs() < 9.0e15;
                Ok(Int(whole.then_some(value as i64)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Int, E> {
                Ok(Int(text.trim().parse().ok()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Int, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Int(None))
            }
            ignore_containers!('de);
            absent_scalars!(visit_bool(bool));
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(Some(value)))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Flag, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Flag(None))
            }
            ignore_containers!('de);
            absent_scalars!(visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Ref<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Ref<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Ref(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Ref(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut id = None;
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    if key == "id" {
                        id = map.next_value::<Text<'de>>()?.0;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Ref(id))
            }
            ignore_containers!('de);
            absent_scalars!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Reader<T> {
            type Value = Nested<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Nested)
            }
            ignore_containers!('de);
            absent_scalars!(
                visit_bool(bool),
                visit_i64(i64),
                visit_u64(u64),
                visit_f64(f64),
                visit_str(&str)
            );
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Items<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Items::default())
            }
            absent_scalars!(
                visit_bool(bool),
                visit_i64(i64),
                visit_u64(u64),
                visit_f64(f64),
                visit_str(&str)
            );
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Metadata<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Metadata<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("metadata")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = BTreeMap::new();
                while let Some((Text(Some(name)), Text(value))) = map.next_entry()? {
                    if let Some(value) = value {
                        found.insert(name, value);
                    }
                }
                Ok(Metadata(found))
            }
            ignore_containers!('de);
            absent_scalars!(
                visit_bool(bool),
                visit_i64(i64),
                visit_u64(u64),
                visit_f64(f64),
                visit_str(&str)
            );
        }
        deserializer.deserialize_any(Reader)
    }
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub struct ListWire<'a> {
    /// The objects, as they came.
    #[serde(borrow)]
    pub data: Vec<&'a RawValue>,
    /// Whether there are more in the direction walked.
    pub has_more: bool,
}

/// The envelope of an event, of any API version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EventWire<'a> {
    /// Event id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// Type.
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// Created, unix seconds.
    pub created: Int,
    /// The version it was rendered in.
    #[serde(borrow)]
    pub api_version: Text<'a>,
    /// Endpoints that have not taken it.
    pub pending_webhooks: Int,
    /// Live or test.
    pub livemode: Flag,
    /// The object and what changed.
    #[serde(borrow)]
    pub data: Nested<EventData<'a>>,
}

/// `data` of an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EventData<'a> {
    /// The object as it was then.
    #[serde(borrow)]
    pub object: Option<&'a RawValue>,
    /// Former values of what changed.
    #[serde(borrow)]
    pub previous_attributes: Option<&'a RawValue>,
}

/// The head of any object: enough to name it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HeadWire<'a> {
    /// Its id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// Its kind.
    #[serde(borrow)]
    pub object: Text<'a>,
    /// Created, unix seconds.
    pub created: Int,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_shape_reads_and_only_broken_json_fails() {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct All<'a> {
            #[serde(borrow)]
            text: Text<'a>,
            int: Int,
            #[serde(borrow)]
            id: Ref<'a>,
            #[serde(borrow)]
            metadata: Metadata<'a>,
            nested: Nested<Inner>,
            items: Items<Nested<Inner>>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Inner {
            n: Int,
        }
        for value in [
            "null",
            "1",
            "1.5",
            "-3",
            "\"x\"",
            "true",
            "[]",
            "[1,{\"a\":[2]}]",
            "{}",
            "{\"id\":\"a\",\"n\":{}}",
        ] {
            let json = format!(
                r#"{{"text":{value},"int":{value},"id":{value},"metadata":{value},"nested":{value},"items":{value},"unknown":{value}}}"#
            );
            assert!(serde_json::from_str::<All<'_>>(&json).is_ok(), "{json}");
        }
        let all: All<'_> = serde_json::from_str(
            r#"{"text":"t","int":"7","id":{"object":"x","id":"pi_1"},"metadata":{"a":"b","c":3},"nested":{"n":4.0},"items":[{"n":1}]}"#,
        )
        .unwrap();
        assert_eq!((all.text.get(), all.int.0, all.id.get()), (Some("t"), Some(7), Some("pi_1")));
        assert_eq!(all.metadata.first(&["c".into(), "a".into()]), Some("b"));
        assert_eq!((all.nested.0.n.0, all.items.0.len()), (Some(4), 1));
        assert!(serde_json::from_str::<All<'_>>("{\"text\":").is_err());
    }
}
