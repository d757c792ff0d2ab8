//! Operators: the people in front of Foredeck, and how much each may do.
//!
//! Roles stop mistakes, not someone who holds the OS account.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How much an operator may do: viewer 10, support 50, admin 80, owner 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Level(pub u8);

/// Reads.
pub const VIEWER: Level = Level(10);
/// Repairs orders, and takes data out into files.
pub const SUPPORT: Level = Level(50);
/// Connects, imports, changes keys and settings.
pub const ADMIN: Level = Level(80);
/// Removes stores, and says who the operators are.
pub const OWNER: Level = Level(100);

/// What fixes that move money need, each within the role's cap.
pub const MOVE_MONEY: Level = SUPPORT;
/// What connecting to another service needs.
pub const MANAGE_INTEGRATIONS: Level = ADMIN;

/// What an operator is to the shop. The order is that of their levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Repairs orders.
    Support,
    /// Connects services and changes settings.
    Admin,
    /// May do everything.
    Owner,
}

impl Role {
    /// Every role, lowest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Support, Self::Admin, Self::Owner];

    /// How much it may do.
    pub const fn level(self) -> Level {
        match self {
            Self::Viewer => VIEWER,
            Self::Support => SUPPORT,
            Self::Admin => ADMIN,
            Self::Owner => OWNER,
        }
    }

    /// The word as it is stored, in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Support => "support",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Reads the word; None for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The lowest role that has a level; None where nobody has it.
    pub fn lowest_with(level: Level) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.level() >= level)
    }
}

/// An operator who is at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Their name, as facts and the audit keep it.
    pub name: String,
    /// Their role.
    pub role: Role,
}

/// A name as it is kept; None for one that is empty, over 40 characters, or holds control characters.
pub fn operator_name(text: &str) -> Option<String> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= 40 && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_belongs_to_the_lowest_role_that_reaches_it() {
        for (level, role) in [
            (0, Some(Role::Viewer)),
            (10, Some(Role::Viewer)),
            (11, Some(Role::Support)),
            (50, Some(Role::Support)),
            (80, Some(Role::Admin)),
            (81, Some(Role::Owner)),
            (100, Some(Role::Owner)),
            (101, None),
        ] {
            assert_eq!(Role::lowest_with(Level(level)), role, "{level}");
        }
        assert!(Role::ALL.is_sorted_by_key(|role| role.level()) && Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Owner"), None);
    }

    #[test]
    fn names_are_trimmed_short_and_printable() {
        assert_eq!(operator_name("  Ann O'Neil \n").as_deref(), Some("Ann O'Neil"));
        assert_eq!(operator_name(&"é".repeat(40)).map(|name| name.chars().count()), Some(40));
        for bad in ["", "  ", "a\u{7}b", "a\nb", &"é".repeat(41)] {
            assert_eq!(operator_name(bad), None, "{bad:?}");
        }
    }
}
