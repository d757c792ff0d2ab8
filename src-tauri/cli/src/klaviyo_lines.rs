//! The command line of Klaviyo.

use clap::{Args, Subcommand};
use foredeck_engine::domain::klaviyo::{EventPolicy, EventVerdict, OrderEvent};

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
    /// What Klaviyo was told of orders: held against them, and what is missing sent.
    #[command(subcommand)]
    Events(EventsCommand),
}

/// Commands on what Klaviyo is told of orders.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Says who tells Klaviyo, how events stand as far as was looked, and what is missing.
    Status,
    /// Looks at Klaviyo now and holds every order of the last days against it.
    Check,
    /// Lists orders' events as they stand, the newest first.
    List {
        /// Only those that stand so: missing, double, wrong_value, wrong_color, wrong_name, no_email, waiting, sent, present.
        #[arg(long, value_parser = verdict)]
        verdict: Option<EventVerdict>,
        /// Only these: started or success.
        #[arg(long, value_parser = event)]
        event: Option<OrderEvent>,
        /// Rows, 1 to 500.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Sends what is missing, each with its own time; as backfill, so that nobody is mailed, unless asked otherwise.
    Fill(FillLine),
    /// Sets who tells Klaviyo of orders: observe, fill_gaps or send_all.
    Policy {
        /// The policy.
        #[arg(value_parser = policy)]
        policy: EventPolicy,
    },
}

/// What is sent, and whether it is.
#[derive(Debug, Args)]
pub struct FillLine {
    /// Only these: started or success.
    #[arg(long, value_parser = event)]
    pub event: Option<OrderEvent>,
    /// Lets flows mail people; the plan says how many.
    #[arg(long)]
    pub mail: bool,
    /// Only what happened within so many days.
    #[arg(long, value_name = "DAYS")]
    pub days: Option<u32>,
    /// Says what would be sent, and keeps the plan.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Says that this is meant.
    #[arg(long, required_unless_present = "dry_run")]
    pub yes: bool,
}

fn event(text: &str) -> Result<OrderEvent, String> {
    OrderEvent::parse(text).ok_or_else(|| "give started or success".to_owned())
}

fn verdict(text: &str) -> Result<EventVerdict, String> {
    let words: Vec<&str> = EventVerdict::ALL.into_iter().map(EventVerdict::as_str).collect();
    EventVerdict::parse(text).ok_or_else(|| format!("give one of {}", words.join(", ")))
}

fn policy(text: &str) -> Result<EventPolicy, String> {
    EventPolicy::parse(text).ok_or_else(|| "give observe, fill_gaps or send_all".to_owned())
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
