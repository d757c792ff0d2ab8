//! A small JSON writer: objects in Stripe's own field order, straight into bytes, without a tree in between.

use serde_json::Value;
use std::collections::BTreeMap;

/// Metadata as Stripe keeps it.
pub(crate) type Metadata = BTreeMap<String, String>;

/// Writes one JSON document.
#[derive(Default)]
pub(crate) struct Json {
    out: Vec<u8>,
}

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Json {
        Json { out: Vec::with_capacity(bytes) }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes `{…}` with the fields that `fields` writes.
    pub(crate) fn object(&mut self, fields: impl FnOnce(&mut Json)) {
        self.out.push(b'{');
        fields(self);
        self.out.push(b'}');
    }

    /// Writes `[…]` with one element for each item.
    pub(crate) fn array<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut element: impl FnMut(&mut Json, T),
    ) {
        self.out.push(b'[');
        for item in items {
            self.comma();
            element(self, item);
        }
        self.out.push(b']');
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[') | None) {
            self.out.push(b',');
        }
    }

    pub(crate) fn key(&mut self, key: &str) {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    pub(crate) fn bytes(&mut self, raw: &[u8]) {
        self.out.extend_from_slice(raw);
    }

    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.out.extend_from_slice(json.as_bytes());
    }

    pub(crate) fn null(&mut self, keys: &[&str]) {
        for key in keys {
            self.raw(key, "null");
        }
    }

    pub(crate) fn string(&mut self, text: &str) {
        if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        } else {
            serde_json::to_writer(&mut self.out, text).expect("writing to memory cannot fail");
        }
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    pub(crate) fn opt(&mut self, key: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(key, text),
            None => self.raw(key, "null"),
        }
    }

    pub(crate) fn int(&mut self, key: &str, number: i64) {
        self.key(key);
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            self.out.push(b'-');
        }
        self.out.extend_from_slice(&digits[at..]);
    }

    pub(crate) fn opt_int(&mut self, key: &str, number: Option<i64>) {
        match number {
            Some(number) => self.int(key, number),
            None => self.raw(key, "null"),
        }
    }

    pub(crate) fn flag(&mut self, key: &str, flag: bool) {
        self.raw(key, if flag { "true" } else { "false" });
    }

    pub(crate) fn metadata(&mut self, metadata: &Metadata) {
        self.nest("metadata", |j| {
            for (key, value) in metadata {
                j.comma();
                j.string(key);
                j.out.push(b':');
                j.string(value);
            }
        });
    }

    pub(crate) fn nest(&mut self, key: &str, fields: impl FnOnce(&mut Json)) {
        self.key(key);
        self.object(fields);
    }

    /// Writes a Stripe list object as a field.
    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        url: &str,
        items: impl IntoIterator<Item = T>,
        element: impl FnMut(&mut Json, T),
    ) {
        self.nest(key, |j| {
            j.text("object", "list");
            j.key("data");
            j.array(items, element);
            j.flag("has_more", false);
            j.text("url", url);
        });
    }
}

/// Reads bytes this crate wrote.
pub(crate) fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("the sandbox writes valid JSON")
}

/// What a `*.updated` event says the changed fields were before.
pub(crate) fn previous_attributes(before: &Value, after: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return before.clone() };
    let mut changed = serde_json::Map::new();
    for (key, now) in new {
        match old.get(key) {
            Some(was) if was == now => {}
            Some(was @ Value::Object(_)) if now.is_object() => {
                changed.insert(key.clone(), previous_attributes(was, now));
            }
            Some(was) => {
                changed.insert(key.clone(), was.clone());
            }
            None => {
                changed.insert(key.clone(), Value::Null);
            }
        }
    }
    for (key, was) in old {
        if !new.contains_key(key) {
            changed.insert(key.clone(), was.clone());
        }
    }
    Value::Object(changed)
}
