//! The command line of operators.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use foredeck_engine::domain::operator::Role;

/// Commands on operators.
#[derive(Debug, Subcommand)]
pub enum OperatorsCommand {
    /// Lists them, and says who is signed in.
    List,
    /// Adds one, whose passphrase is the next line of stdin. Set one of your own before.
    Add {
        /// Their name, 1 to 40 characters.
        name: String,
        /// viewer reads, support repairs orders, admin connects and changes settings, owner may do everything.
        #[arg(long, value_parser = role())]
        role: Role,
    },
    /// Removes one. What they did keeps their name.
    Remove {
        /// Their name.
        name: String,
    },
    /// Gives one another name. What they did keeps the old one.
    Rename {
        /// The name they have.
        name: String,
        /// The name they get.
        new_name: String,
    },
    /// Gives one another role.
    Role {
        /// Their name.
        name: String,
        /// The role.
        #[arg(value_parser = role())]
        role: Role,
    },
    /// Sets a passphrase: the next line of stdin.
    Passphrase {
        /// Whose; default your own.
        name: Option<String>,
    },
    /// Keeps one out, but on the list.
    Disable {
        /// Their name.
        name: String,
    },
    /// Lets one in again.
    Enable {
        /// Their name.
        name: String,
    },
    /// Sets after how many minutes without input the window locks.
    Idle {
        /// Up to 1440; 0 for never.
        minutes: u32,
    },
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str))
        .try_map(|word| Role::parse(&word).ok_or("no such role"))
}
