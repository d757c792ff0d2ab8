//! One request, read and checked as far as every endpoint checks it.

use super::answer::{Asked, Denial};
use super::routes::Route;
use crate::server::form::Form;
use serde_json::{Map, Value};

/// What was asked.
pub(super) struct Ask<'a> {
    pub route: &'static Route,
    /// Segments below `/api`.
    pub segments: Vec<&'a str>,
    pub query: Form,
    pub body: &'a [u8],
    /// The revision that answers.
    pub revision: String,
    /// Where links lead.
    pub base: &'a str,
    /// Where `links.next` leads.
    pub next_base: &'a str,
}

impl Ask<'_> {
    /// The id in the path.
    pub(super) fn id(&self) -> &str {
        self.segments.get(1).copied().unwrap_or_default()
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.filled(name)
    }

    /// Whether one of a parameter's comma-separated values is this.
    pub(super) fn wants(&self, param: &str, value: &str) -> bool {
        self.param(param).is_some_and(|given| given.split(',').any(|one| one.trim() == value))
    }

    /// Refuses parameters that the endpoint does not take.
    pub(super) fn check_query(&self) -> Asked<()> {
        for (name, _) in self.query.pairs() {
            let known = self.route.query.contains(&name.as_str()) || name.starts_with("fields[");
            if !known {
                let detail = format!("'{name}' is not an allowed query parameter for this resource.");
                return Err(Denial::invalid(detail).parameter(name));
            }
        }
        self.page_size().map(drop)
    }

    /// How many a page holds.
    pub(super) fn page_size(&self) -> Asked<usize> {
        let (most, default, since) = self.route.sizes.unwrap_or((0, 0, ""));
        let Some(given) = self.param("page[size]") else { return Ok(default) };
        if most == 0 || self.revision.as_str() < since {
            let detail = "'page[size]' is not an allowed query parameter for this resource.";
            return Err(Denial::invalid(detail).parameter("page[size]"));
        }
        match given.parse() {
            Ok(size) if (1..=most).contains(&size) => Ok(size),
            _ => {
                let detail = format!("Page size must be an integer between 1 and {most}.");
                Err(Denial::invalid(detail).parameter("page[size]"))
            }
        }
    }

    /// What is to be included, of what may be.
    pub(super) fn included(&self, allowed: &[&str]) -> Asked<Vec<&str>> {
        let given: Vec<&str> =
            self.param("include").map(|given| given.split(',').collect()).unwrap_or_default();
        match given.iter().find(|one| !allowed.contains(one)) {
            None => Ok(given),
            Some(wrong) => {
                let detail = format!("'{wrong}' is not an allowed include parameter for this resource.");
                Err(Denial::invalid(detail).parameter("include"))
            }
        }
    }

    /// How a list is sorted: the field, and whether the greatest comes first.
    pub(super) fn sorted<'s>(&'s self, allowed: &[&str], default: &'s str) -> Asked<(&'s str, bool)> {
        let given = self.param("sort").unwrap_or(default);
        let (field, down) = given.strip_prefix('-').map_or((given, false), |field| (field, true));
        if allowed.contains(&field) {
            return Ok((field, down));
        }
        Err(Denial::invalid(format!("'{given}' is not a valid sort parameter.")).parameter("sort"))
    }

    /// The `data` of the body, which has to be of this type.
    pub(super) fn data(&self, kind: &str) -> Asked<Map<String, Value>> {
        let body: Value = serde_json::from_slice(self.body)
            .map_err(|_| Denial::invalid("The request body is not valid JSON.").at("/data"))?;
        let data = body["data"].as_object().cloned();
        let data = data.ok_or_else(|| Denial::invalid("'data' is a required field.").at("/data"))?;
        match data.get("type").and_then(Value::as_str) {
            Some(given) if given == kind => Ok(data),
            _ => Err(Denial::invalid(format!("The resource type has to be '{kind}'.")).at("/data/type")),
        }
    }

    /// One page of what was found, whose ids `id` tells.
    pub(super) fn page<'i, T>(
        &self,
        found: &'i [T],
        id: impl Fn(&'i T) -> &'i str,
    ) -> Asked<(std::ops::Range<usize>, Value)> {
        let size = self.page_size()?;
        let start = match self.param("page[cursor]") {
            None => 0,
            Some(cursor) => {
                let after = read_cursor(cursor).and_then(|last| found.iter().position(|one| id(one) == last));
                1 + after
                    .ok_or_else(|| Denial::invalid("Invalid cursor parameter.").parameter("page[cursor]"))?
            }
        };
        let end = (start + size).min(found.len());
        let next = (end < found.len()).then(|| self.link(self.next_base, Some(&cursor(id(&found[end - 1])))));
        let links = serde_json::json!({ "self": self.link(self.base, None), "prev": null, "next": next });
        Ok((start..end, links))
    }

    fn link(&self, base: &str, cursor: Option<&str>) -> String {
        let mut pairs: Vec<(String, String)> = self
            .query
            .pairs()
            .iter()
            .filter(|(name, _)| name != "page[cursor]" || cursor.is_none())
            .cloned()
            .collect();
        pairs.extend(cursor.map(|cursor| ("page[cursor]".to_owned(), cursor.to_owned())));
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{base}/api/{}/{query}", self.segments.join("/"))
    }
}

/// A cursor says nothing to whoever holds it.
fn cursor(id: &str) -> String {
    id.bytes().map(|byte| format!("{:02x}", byte ^ 0x5A)).collect()
}

fn read_cursor(cursor: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..cursor.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(cursor.get(at..at + 2)?, 16).ok().map(|byte| byte ^ 0x5A))
        .collect();
    String::from_utf8(bytes?).ok()
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
