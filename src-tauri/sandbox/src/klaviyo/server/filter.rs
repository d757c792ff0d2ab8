//! The filter language: `equals(email,"a@example.com")`, `any(id,["x","y"])`, joined by commas or `and(…)`.

use super::answer::{Asked, Denial};

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub operator: String,
    pub field: String,
    pub values: Vec<String>,
}

impl Term {
    pub(crate) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }
}

fn wrong(text: &str) -> Denial {
    Denial::invalid(format!("The filter '{text}' could not be parsed.")).parameter("filter")
}

/// Reads a filter; all its conditions have to hold.
pub(crate) fn read(text: &str) -> Asked<Vec<Term>> {
    let mut terms = Vec::new();
    for part in split(text)? {
        let part = part.trim();
        let (operator, inside) = part
            .split_once('(')
            .and_then(|(op, rest)| Some((op, rest.strip_suffix(')')?)))
            .ok_or_else(|| wrong(text))?;
        match operator.trim() {
            "and" => terms.extend(read(inside)?),
            "or" | "not" => {
                return Err(
                    Denial::invalid(format!("'{operator}' is not supported here.")).parameter("filter")
                );
            }
            operator => terms.push(term(operator, inside)?),
        }
    }
    Ok(terms)
}

fn term(operator: &str, inside: &str) -> Asked<Term> {
    let (field, rest) = inside.split_once(',').unwrap_or((inside, ""));
    let rest = rest.trim();
    let list = rest.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let values = match list {
        Some(list) => split(list)?,
        None if rest.is_empty() => Vec::new(),
        None => vec![rest.to_owned()],
    };
    Ok(Term {
        operator: operator.to_owned(),
        field: field.trim().to_owned(),
        values: values.iter().map(|value| unquoted(value.trim())).collect(),
    })
}

/// Parts between commas that stand in no brackets and no quotes.
fn split(text: &str) -> Asked<Vec<String>> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut depth, mut quote, mut escaped) = (0_i32, None::<char>, false);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            (None, _) => {}
        }
        part.push(letter);
    }
    if depth != 0 || quote.is_some() {
        return Err(wrong(text));
    }
    if !part.trim().is_empty() {
        parts.push(part);
    }
    Ok(parts)
}

fn unquoted(value: &str) -> String {
    let inner = ['"', '\''].into_iter().find_map(|q| value.strip_prefix(q)?.strip_suffix(q));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace("\\\"", "\"").replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(operator: &str, field: &str, values: &[&str]) -> Term {
        let values = values.iter().map(|&v| v.to_owned()).collect();
        Term { operator: operator.to_owned(), field: field.to_owned(), values }
    }

    #[test]
    fn conditions_are_joined_by_commas_and_by_and() {
        let read = |text: &str| read(text).unwrap();
        assert_eq!(
            read("equals(metric_id,\"aB3\"),greater-than(datetime,2026-01-01T00:00:00Z)"),
            [
                term("equals", "metric_id", &["aB3"]),
                term("greater-than", "datetime", &["2026-01-01T00:00:00Z"])
            ]
        );
        assert_eq!(
            read("and(any(email,['a,b@example.com','c@example.com']),has(metric))"),
            [term("any", "email", &["a,b@example.com", "c@example.com"]), term("has", "metric", &[])]
        );
        assert_eq!(
            read("equals(name,\"O\\\"Hara (the first)\")"),
            [term("equals", "name", &["O\"Hara (the first)"])]
        );
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in ["email", "equals(email,\"a)", "equals(email", "or(equals(a,'b'),equals(c,'d'))"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
