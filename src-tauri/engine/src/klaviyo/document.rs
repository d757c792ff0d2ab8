//! JSON:API documents, read tolerantly: whatever is missing or of another shape reads as absent, and what is not known is
//! not looked at. `meta` among it: its hints are meant for other readers.

use serde_json::Value;

use super::KlaviyoError;
use crate::http::Answer;

/// One resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource(Value);

impl Resource {
    /// Its id; empty where it has none.
    pub fn id(&self) -> &str {
        self.0["id"].as_str().unwrap_or_default()
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> &Value {
        &self.0["attributes"][name]
    }

    /// An attribute that is text, and not empty.
    pub fn text(&self, name: &str) -> Option<String> {
        text(self.attribute(name))
    }

    /// The id of the one resource that a relationship names.
    pub fn related(&self, name: &str) -> Option<String> {
        text(&self.0["relationships"][name]["data"]["id"])
    }
}

/// Text that is not empty.
pub fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// One page of resources, and where the next is.
#[derive(Debug)]
pub struct Page {
    /// The resources.
    pub data: Vec<Resource>,
    /// The address of the next page; None at the end.
    pub next: Option<String>,
}

impl Page {
    /// Reads an answer: a list, or one resource as a list of one. Whatever has no id is no resource.
    ///
    /// # Errors
    /// It is not JSON, or has no `data`.
    pub fn read(answer: &Answer) -> Result<Self, KlaviyoError> {
        let mut body: Value = serde_json::from_slice(&answer.body).map_err(|_| KlaviyoError::Unexpected)?;
        let next = text(&body["links"]["next"]);
        let data = match body.get_mut("data").map(Value::take) {
            Some(Value::Array(all)) => all,
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(KlaviyoError::Unexpected),
        };
        let data = data.into_iter().map(Resource).filter(|resource| !resource.id().is_empty()).collect();
        Ok(Self { data, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Result<Page, KlaviyoError> {
        let body = body.to_owned().into();
        Page::read(&Answer {
            status: 200,
            request_id: None,
            as_of: 0,
            replayed: false,
            version: None,
            took: std::time::Duration::ZERO,
            rate: None,
            body,
        })
    }

    #[test]
    fn any_shape_reads_and_what_is_no_document_does_not() {
        for body in ["", "{", "[]", "{}", r#"{"data":null}"#, r#"{"data":"x"}"#, "<html></html>"] {
            assert_eq!(page(body).unwrap_err(), KlaviyoError::Unexpected, "{body}");
        }
        let all =
            page(r#"{"data":[1,null,{"id":3},{"id":"a","attributes":[]},{"id":"b","attributes":{"name":7},"new":{}}],"meta":{"agent_hints":{}},"links":{"next":""}}"#)
                .unwrap();
        let ids: Vec<&str> = all.data.iter().map(Resource::id).collect();
        assert_eq!((ids, all.next), (vec!["a", "b"], None));
        assert_eq!((all.data[0].text("name"), all.data[1].text("name")), (None, None));
        let one = page(
            r#"{"data":{"id":"c","attributes":{"name":"n"},"relationships":{"metric":{"data":{"id":"m"}}}}}"#,
        )
        .unwrap();
        assert_eq!(
            (one.data[0].text("name"), one.data[0].related("metric"), one.data[0].related("profile")),
            (Some("n".to_owned()), Some("m".to_owned()), None)
        );
    }
}
