//! The roster: every operator of a data folder, in `operators.json`. Hashes of passphrases are all it keeps of them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::OperatorError;
use crate::domain::operator::{Operator, Role, operator_name};
use crate::registry::{Document, DocumentError};

/// Minutes without input after which the desk locks, until somebody says otherwise.
pub const DEFAULT_IDLE_MIN: u32 = 15;
/// A day; whoever wants more wants none.
const LONGEST_IDLE_MIN: u32 = 1_440;
const VERSION: u32 = 1;

/// One operator as kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Their name; no two are alike but for case.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// PHC string of their passphrase. The first operator may be without.
    pub hash: Option<String>,
    /// Added at, unix seconds; None for the first, whom nobody added.
    pub added_at: Option<i64>,
    /// They may not sign in.
    #[serde(default)]
    pub disabled: bool,
}

impl Entry {
    pub(super) fn operator(&self) -> Operator {
        Operator { name: self.name.clone(), role: self.role }
    }
}

/// What the file holds.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Roll {
    version: u32,
    pub(super) idle_min: u32,
    pub(super) operators: Vec<Entry>,
}

impl Roll {
    /// A data folder's first operator is its owner, named as the machine names them.
    fn first() -> Self {
        let named = |variable: &&str| std::env::var(variable).ok().and_then(|name| operator_name(&name));
        let name =
            ["USER", "LOGNAME", "USERNAME"].iter().find_map(named).unwrap_or_else(|| "owner".to_owned());
        let owner = Entry { name, role: Role::Owner, hash: None, added_at: None, disabled: false };
        Self { version: VERSION, idle_min: DEFAULT_IDLE_MIN, operators: vec![owner] }
    }

    fn enabled(&self) -> impl Iterator<Item = &Entry> {
        self.operators.iter().filter(|entry| !entry.disabled)
    }

    /// The one operator who may sign in, where there is just one.
    pub(super) fn sole(&self) -> Option<&Entry> {
        let mut enabled = self.enabled();
        enabled.next().filter(|_| enabled.next().is_none())
    }

    /// Finds an operator who may sign in.
    pub(super) fn get_enabled(&self, name: &str) -> Result<&Entry, OperatorError> {
        self.enabled()
            .find(|entry| entry.name == name)
            .ok_or_else(|| OperatorError::Unknown(name.chars().take(40).collect()))
    }

    fn place(&self, name: &str) -> Result<usize, OperatorError> {
        self.operators
            .iter()
            .position(|entry| entry.name == name)
            .ok_or_else(|| OperatorError::Unknown(name.chars().take(40).collect()))
    }

    /// A name as it is kept, that nobody else has.
    fn free_name(&self, text: &str, except: Option<usize>) -> Result<String, OperatorError> {
        let name =
            operator_name(text).ok_or_else(|| OperatorError::BadName(text.chars().take(40).collect()))?;
        let lower = name.to_lowercase();
        let mut others = self.operators.iter().enumerate().filter(|(place, _)| Some(*place) != except);
        if others.any(|(_, entry)| entry.name.to_lowercase() == lower) {
            return Err(OperatorError::Taken(name));
        }
        Ok(name)
    }

    /// Whoever manages operators must stay: else nobody could ever again.
    fn still_owned(&self, changed: &str) -> Result<(), OperatorError> {
        let owned = self.enabled().any(|entry| entry.role == Role::Owner);
        if owned { Ok(()) } else { Err(OperatorError::LastOwner(changed.to_owned())) }
    }
}

/// The roster of one data folder.
pub(super) struct Roster {
    document: Document<Roll>,
}

impl Roster {
    pub(super) fn new(folder: &Path) -> Self {
        Self { document: Document::new(folder, "operators") }
    }

    /// Reads it. Where there is none yet, there is the first operator; nothing is written by that.
    pub(super) fn read(&self) -> Result<Roll, OperatorError> {
        checked(self.document.find()?)
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Roll) -> Result<(), OperatorError>,
    ) -> Result<(), OperatorError> {
        self.document.change(|kept| {
            let mut roll = checked(kept)?;
            change(&mut roll)?;
            Ok((roll, ()))
        })
    }

    /// Adds an operator with the hash of their passphrase.
    pub(super) fn add(&self, name: &str, role: Role, hash: String, now: i64) -> Result<(), OperatorError> {
        self.change(|roll| {
            if let Some(open) = roll.enabled().find(|entry| entry.hash.is_none()) {
                return Err(OperatorError::FirstWithoutPassphrase(open.name.clone()));
            }
            let name = roll.free_name(name, None)?;
            let entry = Entry { name, role, hash: Some(hash), added_at: Some(now), disabled: false };
            roll.operators.push(entry);
            Ok(())
        })
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), OperatorError> {
        self.change(|roll| {
            let place = roll.place(name)?;
            roll.operators.remove(place);
            roll.still_owned(name)
        })
    }

    pub(super) fn rename(&self, name: &str, new_name: &str) -> Result<(), OperatorError> {
        self.change(|roll| {
            let place = roll.place(name)?;
            roll.operators[place].name = roll.free_name(new_name, Some(place))?;
            Ok(())
        })
    }

    pub(super) fn set_role(&self, name: &str, role: Role) -> Result<(), OperatorError> {
        self.change(|roll| {
            let place = roll.place(name)?;
            roll.operators[place].role = role;
            roll.still_owned(name)
        })
    }

    pub(super) fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), OperatorError> {
        self.change(|roll| {
            let place = roll.place(name)?;
            roll.operators[place].disabled = disabled;
            roll.still_owned(name)
        })
    }

    pub(super) fn set_hash(&self, name: &str, hash: String) -> Result<(), OperatorError> {
        self.change(|roll| {
            let place = roll.place(name)?;
            roll.operators[place].hash = Some(hash);
            Ok(())
        })
    }

    pub(super) fn set_idle(&self, minutes: u32) -> Result<(), OperatorError> {
        if minutes > LONGEST_IDLE_MIN {
            return Err(OperatorError::BadIdle);
        }
        self.change(|roll| {
            roll.idle_min = minutes;
            Ok(())
        })
    }
}

/// A file that names nobody, or that a later program wrote, must not make everyone an owner.
fn checked(kept: Option<Roll>) -> Result<Roll, OperatorError> {
    let Some(roll) = kept else { return Ok(Roll::first()) };
    let why = match roll {
        Roll { version, .. } if version != VERSION => format!("version {version} is not known"),
        _ if roll.enabled().next().is_none() => "it names nobody who may sign in".to_owned(),
        _ => return Ok(roll),
    };
    Err(DocumentError::Malformed { name: "operators", why }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(roster: &Roster) -> Vec<String> {
        roster.read().unwrap().operators.into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn the_last_owner_stays_and_names_are_not_mixed_up() {
        let folder = tempfile::tempdir().unwrap();
        let roster = Roster::new(folder.path());
        let first = names(&roster).remove(0);
        assert!(!folder.path().join("operators.json").exists(), "reading writes nothing");
        let added = |name: &str, role| roster.add(name, role, "$hash".to_owned(), 7);
        assert!(matches!(added("Ann", Role::Owner), Err(OperatorError::FirstWithoutPassphrase(_))));
        roster.set_hash(&first, "$hash".to_owned()).unwrap();
        roster.rename(&first, "Bo").unwrap();
        roster.rename("Bo", "BO").unwrap();
        added(" Ann ", Role::Admin).unwrap();
        for taken in ["Ann", "aNN", "bo"] {
            assert!(matches!(added(taken, Role::Viewer), Err(OperatorError::Taken(_))), "{taken}");
        }
        assert!(matches!(roster.rename("Ann", "Bo"), Err(OperatorError::Taken(_))));
        assert!(matches!(added("a\u{1}", Role::Viewer), Err(OperatorError::BadName(_))));
        let last = [roster.remove("BO"), roster.set_role("BO", Role::Admin), roster.set_disabled("BO", true)];
        for refused in last {
            assert!(matches!(refused, Err(OperatorError::LastOwner(_))), "{refused:?}");
        }
        assert_eq!(names(&roster), ["BO", "Ann"]);
        roster.set_role("Ann", Role::Owner).unwrap();
        roster.set_disabled("BO", true).unwrap();
        assert!(
            matches!(roster.remove("Ann"), Err(OperatorError::LastOwner(_))),
            "the other may not sign in"
        );
        assert_eq!(roster.read().unwrap().sole().unwrap().name, "Ann");
        assert!(matches!(roster.remove("Cy"), Err(OperatorError::Unknown(_))));
        assert!(matches!(roster.set_idle(1_441), Err(OperatorError::BadIdle)));
    }

    #[test]
    fn a_file_nobody_can_read_makes_nobody_an_owner() {
        let folder = tempfile::tempdir().unwrap();
        let roster = Roster::new(folder.path());
        for text in [
            "",
            "{}",
            r#"{"version":2,"idle_min":15,"operators":[]}"#,
            r#"{"version":1,"idle_min":15,"operators":[]}"#,
            r#"{"version":1,"idle_min":15,"operators":[{"name":"x","role":"king","hash":null,"added_at":null}]}"#,
        ] {
            std::fs::write(folder.path().join("operators.json"), text).unwrap();
            let refused = roster.read().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(refused.starts_with("operators.json cannot be read"), "{text}: {refused}");
            assert!(!refused.contains("king"));
            assert!(roster.set_idle(1).is_err());
            assert_eq!(std::fs::read_to_string(folder.path().join("operators.json")).unwrap(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Roster::new(folder.path()).set_idle(5).unwrap();
        let mode = std::fs::metadata(folder.path().join("operators.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
