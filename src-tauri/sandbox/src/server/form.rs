//! Form-encoded parameters as Stripe reads them: nested brackets, indexed and `[]` arrays, flat in memory.

use crate::json::Metadata;
use crate::world::{Refusal, Told};

/// Parameters of one request, decoded, in order of arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    pub(crate) fn parse(encoded: &str) -> Form {
        let pairs = encoded.split('&').filter(|part| !part.is_empty()).map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        });
        Form { pairs: pairs.collect() }
    }

    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Form {
        Form { pairs }
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The same whatever order the parameters came in.
    pub(crate) fn fingerprint(&self) -> String {
        let mut pairs: Vec<String> =
            self.pairs.iter().map(|(k, v)| format!("{}:{k}={}:{v}", k.len(), v.len())).collect();
        pairs.sort_unstable();
        pairs.concat()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A text that was given and is not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Told<&str> {
        self.filled(name).ok_or_else(|| Refusal::missing(name))
    }

    pub(crate) fn integer(&self, name: &str) -> Told<Option<i64>> {
        let Some(text) = self.filled(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Refusal::invalid(format!("Invalid integer: {text}")).code("parameter_invalid_integer").param(name)
        })
    }

    pub(crate) fn flag(&self, name: &str) -> Told<Option<bool>> {
        match self.filled(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Refusal::invalid(format!("Invalid boolean: {other}")).param(name)),
        }
    }

    /// Values of `name[]=…` and `name[0]=…`.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let element = |key: &str| {
            let index = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            index.bytes().all(|b| b.is_ascii_digit()).then_some(())
        };
        self.pairs.iter().filter(|(key, _)| element(key).is_some()).map(|(_, value)| value.as_str()).collect()
    }

    /// Parameters under `name[…]`, with that prefix taken off.
    pub(crate) fn under(&self, name: &str) -> Form {
        let pairs = self.pairs.iter().filter_map(|(key, value)| {
            let rest = key.strip_prefix(name)?.strip_prefix('[')?;
            let (first, rest) = rest.split_once(']')?;
            Some((format!("{first}{rest}"), value.clone()))
        });
        Form { pairs: pairs.collect() }
    }

    /// The elements of an array of objects.
    pub(crate) fn elements(&self, name: &str) -> Vec<Form> {
        let inner = self.under(name);
        let mut elements: Vec<(String, Form)> = Vec::new();
        for (key, _) in &inner.pairs {
            let index = key.split('[').next().unwrap_or_default();
            if !elements.iter().any(|(known, _)| known == index) {
                elements.push((index.to_owned(), inner.under(index)));
            }
        }
        elements.into_iter().map(|(_, form)| form).collect()
    }

    /// The `metadata` parameter; `None` if it was not given. `metadata=` (empty) asks for all keys to be removed.
    pub(crate) fn metadata(&self) -> Option<Metadata> {
        let given = self.under("metadata").pairs;
        (!given.is_empty()).then(|| given.into_iter().collect())
    }

    pub(crate) fn has_under(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('[')))
    }

    /// Refuses parameters that Stripe would not know.
    pub(crate) fn only(&self, known: &[&str]) -> Told<()> {
        for (key, _) in &self.pairs {
            let base = key.split('[').next().unwrap_or_default();
            if base != "expand" && !known.contains(&base) {
                return Err(Refusal::invalid(format!("Received unknown parameter: {base}"))
                    .code("parameter_unknown")
                    .param(base));
            }
        }
        Ok(())
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match (bytes[at], hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (_, Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', None) => out.push(b' '),
            (byte, None) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_and_indexed_parameters_are_found() {
        let form = Form::parse(
            "line_items[0][price]=p1&line_items[0][quantity]=2&line_items%5B1%5D%5Bprice_data%5D%5Bcurrency%5D=eur&types[]=a&types[1]=b&metadata[a%20b]=c+d",
        );
        let items = form.elements("line_items");
        assert_eq!(items[0].text("price"), Some("p1"));
        assert_eq!(items[1].text("price_data[currency]"), Some("eur"));
        assert_eq!(form.values("types"), ["a", "b"]);
        assert_eq!(form.metadata().and_then(|m| m.get("a b").cloned()).as_deref(), Some("c d"));
    }

    #[test]
    fn the_fingerprint_does_not_depend_on_order() {
        assert_eq!(Form::parse("a=1&b=2").fingerprint(), Form::parse("b=2&a=1").fingerprint());
        assert_ne!(Form::parse("a=1&b=2").fingerprint(), Form::parse("a=12&b=").fingerprint());
    }
}
