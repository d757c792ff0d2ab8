//! `foredeck-sandbox`: runs the practice Stripe alone.

use clap::{Parser, ValueEnum};
use foredeck_sandbox::backoffice::{Books, Faults};
use foredeck_sandbox::klaviyo::{DEFAULT_KLAVIYO_KEY, KLAVIYO_SCOPES, KlaviyoKey, ShopSender, Spelling};
use foredeck_sandbox::{ClockMode, Config, KeySpec, KlaviyoConfig, Limits, Sandbox, ShopPlan};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// A practice Stripe on loopback.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 12111)]
    port: u16,
    /// The same seed and the same start give the same shop.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Preorders in the past.
    #[arg(long, default_value_t = 0)]
    orders: u32,
    /// Days the past is spread over.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Share of orders planted broken, 0 to 1.
    #[arg(long, default_value_t = 0.05)]
    faults: f64,
    /// New preorders a minute, from now on.
    #[arg(long, value_name = "PER_MINUTE")]
    live: Option<f64>,
    /// This many preorders, rendered on the fly.
    #[arg(long, value_name = "N", conflicts_with_all = ["live", "orders"])]
    scale: Option<u64>,
    /// Sells credits beside the preorders, to about one visitor in six.
    #[arg(long, conflicts_with = "scale")]
    credits: bool,
    /// Writes the shop's own tables here, as CSV and JSONL, once its past is played.
    #[arg(long, value_name = "FOLDER")]
    books: Option<PathBuf>,
    /// Plants faults in those tables: the same seed in the same places.
    #[arg(long, value_name = "SEED", requires = "books")]
    book_faults: Option<u64>,
    /// World time at which the past begins, unix seconds: the same again gives the same past.
    #[arg(long, value_name = "UNIX")]
    since: Option<i64>,
    /// A clock that stands still at this second until advanced over /_sandbox/advance.
    #[arg(long = "virtual", value_name = "START")]
    virtual_start: Option<i64>,
    /// The clock begins so many seconds ago and runs from there: what is placed then is that old once it is advanced to now.
    #[arg(long, value_name = "SECONDS", conflicts_with = "virtual_start")]
    behind: Option<u32>,
    /// How fast world time runs.
    #[arg(long, default_value_t = 1.0, conflicts_with = "virtual_start")]
    speed: f64,
    /// Accepted writes are kept here and replayed at the next start.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// A restricted key beside the full one: KEY:permission,permission of what it lacks.
    #[arg(long, value_name = "KEY:DENIED")]
    restricted: Vec<String>,
    /// Opens a Klaviyo too, on this port of 127.0.0.1; 0 takes any free one.
    #[arg(long, value_name = "PORT")]
    klaviyo: Option<u16>,
    /// A private key of that Klaviyo beside the full one: KEY:scope,scope of what it lacks.
    #[arg(long, value_name = "KEY:LACKS", requires = "klaviyo")]
    klaviyo_key: Vec<String>,
    /// The shop's own site sends this share of its preorders' events to the Klaviyo, 0 to 1.
    #[arg(long, value_name = "SHARE", requires = "klaviyo")]
    shop_sends: Option<f64>,
    /// Request limits.
    #[arg(long, value_enum, default_value_t = LimitChoice::None)]
    limits: LimitChoice,
}

#[derive(Clone, Copy, ValueEnum)]
enum LimitChoice {
    Stripe,
    None,
}

impl Arguments {
    /// The Klaviyo that is to stand beside it.
    fn klaviyo(&self) -> Option<KlaviyoConfig> {
        let limits = matches!(self.limits, LimitChoice::Stripe);
        let shop = self.shop_sends.map(|share| ShopSender {
            share,
            spelling: Spelling::Mixed,
            late_s: (2, 600),
            ..ShopSender::default()
        });
        let more = self.klaviyo_key.iter().map(|spec| {
            // A key has no colon, so the first one ends it; scopes have one of their own.
            let (key, lacks) = spec.split_once(':').unwrap_or((spec, ""));
            let lacks: Vec<_> = lacks.split(',').collect();
            let has = KLAVIYO_SCOPES.into_iter().filter(|scope| !lacks.contains(scope));
            KlaviyoKey::with(key, &has.collect::<Vec<_>>())
        });
        let keys = std::iter::once(KlaviyoKey::full(DEFAULT_KLAVIYO_KEY)).chain(more).collect();
        self.klaviyo.map(|port| KlaviyoConfig { port, limits, shop, keys, ..KlaviyoConfig::default() })
    }

    #[allow(clippy::disallowed_methods, reason = "an anchored clock is anchored at the start of the process")]
    fn config(self) -> Config {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
        let behind = self.behind.map_or(0, i64::from);
        let clock = match self.virtual_start {
            Some(start) => ClockMode::Virtual { start },
            None if self.speed == 1.0 && behind == 0 => ClockMode::Real,
            None => ClockMode::Anchored { world_start: now - behind, real_start: now, speed: self.speed },
        };
        let (days, faults) = (self.days, self.faults);
        let shop = match (self.scale, self.live, self.orders) {
            (Some(preorders), _, _) => ShopPlan::Scale { preorders, days },
            (None, Some(per_minute), history_orders) => {
                ShopPlan::Live { history_orders, days, per_minute, faults }
            }
            (None, None, 0) => ShopPlan::Empty,
            (None, None, orders) => ShopPlan::History { orders, days, faults },
        };
        let limits = match self.limits {
            LimitChoice::Stripe => Limits::stripe(),
            LimitChoice::None => Limits::default(),
        };
        let restricted = self.restricted.iter().map(|spec| {
            let (key, denied) = spec.split_once(':').unwrap_or((spec, ""));
            let denied = denied.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            KeySpec { key: key.to_owned(), denied, ..KeySpec::standard() }
        });
        let keys = std::iter::once(KeySpec::standard()).chain(restricted).collect();
        let (seed, port, journal, since) = (self.seed, self.port, self.journal, self.since);
        let credits = self.credits;
        Config { seed, clock, shop, port, limits, keys, journal, since, closed: Vec::new(), credits }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let mut arguments = Arguments::parse();
    let books = arguments.books.take();
    let klaviyo = arguments.klaviyo();
    let faults = arguments.book_faults.map_or_else(Faults::none, Faults::seeded);
    let sandbox = match Sandbox::start(arguments.config()).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "foredeck-sandbox could not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(folder) = books {
        let books = sandbox.control().with_world(|world| Books::of(world, &faults));
        if let Err(error) = books.write_to(&folder) {
            let _ = writeln!(std::io::stderr(), "foredeck-sandbox could not write its books: {error}");
            return ExitCode::FAILURE;
        }
    }
    let klaviyo = match klaviyo {
        Some(config) => match sandbox.open_klaviyo(config).await {
            Ok(klaviyo) => Some(klaviyo),
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "foredeck-sandbox could not open its Klaviyo: {error}");
                return ExitCode::FAILURE;
            }
        },
        None => None,
    };
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "listening on {}", sandbox.base_url());
    if let Some(klaviyo) = &klaviyo {
        let _ = writeln!(stdout, "klaviyo listening on {}", klaviyo.base_url());
    }
    let _ = stdout.flush();
    let _ = tokio::signal::ctrl_c().await;
    sandbox.shutdown().await;
    ExitCode::SUCCESS
}
