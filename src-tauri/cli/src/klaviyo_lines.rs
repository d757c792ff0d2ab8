//! The command line of Klaviyo.

use clap::{Args, Subcommand};

/// Commands on the connection to Klaviyo.
#[derive(Debug, Subcommand)]
pub enum KlaviyoCommand {
    /// Tests a key: whose it is, what it may do, and the metrics there are, in the order to choose from.
    Test {
        /// Reads the key from stdin and keeps it nowhere; default the store's own, or FOREDECK_KLAVIYO_KEY.
        #[arg(long)]
        key_stdin: bool,
    },
    /// Connects the store to the account of a key. FOREDECK_KLAVIYO_URL, if set, is the connection's base URL for good.
    Connect {
        /// The metric that conversions are counted by; `klaviyo test` lists them.
        #[arg(long, value_name = "ID")]
        metric: String,
        /// Reads the key from stdin, for the keychain; default FOREDECK_KLAVIYO_KEY, which is not kept.
        #[arg(long)]
        key_stdin: bool,
    },
    /// Says where the store stands with Klaviyo, since when and why.
    Status,
    /// Gives the connection another key of the same account, read from stdin.
    Rotate {
        /// Says that the key comes on stdin, as it does without.
        #[arg(long)]
        key_stdin: bool,
    },
    /// Counts conversions by another metric, and says what is synced anew.
    Metric {
        /// Its id.
        id: String,
    },
    /// Ends the connection: the key and everything of Klaviyo's go, everything of Stripe's and the shop's stays.
    Disconnect(DisconnectLine),
    /// Tests the connection: lists, metrics, limits left, revision, clocks. The output can be copied into a ticket.
    Check,
}

/// Whether to disconnect or only to look.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct DisconnectLine {
    /// Says that this is meant.
    #[arg(long)]
    pub yes: bool,
    /// Changes nothing: says what would go.
    #[arg(long)]
    pub dry_run: bool,
}
