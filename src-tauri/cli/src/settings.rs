//! Settings: shown by name, changed by `name=value`.

use foredeck_engine::api::types::{NoArgs, SettingsDocument};
use serde_json::{Value, json};

use crate::deck::Deck;
use crate::line::SettingsCommand;
use crate::plain::plain;
use crate::print::{Outcome, Stop};

/// Runs a command on settings.
pub async fn run(deck: &Deck, command: &SettingsCommand) -> Outcome {
    let read: SettingsDocument = deck.ask("settings_get", &NoArgs {}).await?;
    let document = match command {
        SettingsCommand::Get => read,
        SettingsCommand::Set { changes } => {
            let mut document = serde_json::to_value(&read.settings).unwrap_or_default();
            for change in changes {
                apply(&mut document, change).map_err(Stop::Usage)?;
            }
            // What was set by somebody else in between is not taken back.
            document["revision"] = json!(read.revision);
            deck.ask("settings_set", &document).await?
        }
    };
    deck.format.reply(&document.settings, |settings| {
        let named = named(&serde_json::to_value(settings).unwrap_or_default());
        named.iter().map(|(name, value)| format!("{name}={}\n", plain(value))).collect()
    })
}

/// Every setting by its dotted name, as `set` takes it.
fn named(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, value) in document.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => {
                found.extend(
                    self::named(value).into_iter().map(|(below, value)| (format!("{name}.{below}"), value)),
                );
            }
            Value::Array(list) => {
                let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                found.push((name.clone(), words.join(",")));
            }
            Value::Null => found.push((name.clone(), "none".to_owned())),
            Value::String(text) => found.push((name.clone(), text.clone())),
            other => found.push((name.clone(), other.to_string())),
        }
    }
    found
}

/// Settings that may be none.
const NULLABLE: &[&str] =
    &["max_requests_per_s", "checkout.success_url", "checkout.cancel_url", "reports.server_url"];

fn apply(document: &mut Value, change: &str) -> Result<(), String> {
    let (name, value) = change.split_once('=').ok_or_else(|| format!("{change:?} is not KEY=VALUE"))?;
    let (name, value) = (name.trim(), value.trim());
    let known = named(document).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    if !known.iter().any(|known| known == name) {
        return Err(format!("there is no setting {name:?}; there are: {}", known.join(", ")));
    }
    let pointer = format!("/{}", name.replace('.', "/"));
    let Some(slot) = document.pointer_mut(&pointer) else {
        return Err(format!("there is no setting {name:?}"));
    };
    *slot = match slot {
        _ if value == "none" && NULLABLE.contains(&name) => Value::Null,
        _ if name.ends_with("_url") => Value::String(value.to_owned()),
        Value::Array(_) => value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect(),
        Value::String(_) => Value::String(value.to_owned()),
        Value::Bool(_) => Value::Bool(
            value.parse().map_err(|_| format!("{name} is true or false, and {value:?} is neither"))?,
        ),
        _ => {
            let number: i64 =
                value.parse().map_err(|_| format!("{name} is a whole number, and {value:?} is none"))?;
            number.into()
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use foredeck_engine::domain::settings::Settings;

    use super::*;

    #[test]
    fn what_get_shows_set_takes() {
        let before = Settings { max_requests_per_s: Some(7), ..Settings::default() };
        let mut document = serde_json::to_value(Settings::default()).unwrap();
        for (name, value) in named(&serde_json::to_value(&before).unwrap()) {
            apply(&mut document, &format!("{name}={value}")).unwrap();
        }
        assert_eq!(serde_json::from_value::<Settings>(document.clone()).unwrap(), before);
        apply(&mut document, "metadata.color = tint, shade").unwrap();
        apply(&mut document, "max_requests_per_s=none").unwrap();
        apply(&mut document, "checkout.success_url=https://shop.example.com/thanks").unwrap();
        let after: Settings = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(
            (after.metadata.color, after.max_requests_per_s),
            (vec!["tint".into(), "shade".into()], None)
        );
        assert_eq!(after.checkout.success_url.as_deref(), Some("https://shop.example.com/thanks"));
        apply(&mut document, "checkout.success_url=none").unwrap();
        assert_eq!(document["checkout"]["success_url"], Value::Null);
        for bad in ["time_zone", "x=1", "metadata=1", "poll_front_s=soon"] {
            assert!(apply(&mut document, bad).is_err(), "{bad}");
        }
    }
}
