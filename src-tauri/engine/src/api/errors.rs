//! Every room's errors as the window and the command line show them, in one place.

use crate::db::DbError;
use crate::error::Problem;
use crate::http::{BaseUrlError, HttpError};
use crate::klaviyo::KlaviyoError;
use crate::operators::OperatorError;
use crate::registry::{DocumentError, RegistryError};
use crate::report_server::ReportServerError;
use crate::secrets::{KeyError, KlaviyoKeyError, ReportServerKeyError};
use crate::shop_files::FileError;
use crate::stripe::StripeError;
use crate::tasks::context::TaskError;
use crate::tasks::import::ImportError;
use crate::tasks::status::{hint, verdict};

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        let (code, hint) = match &error {
            DbError::Newer { .. } => {
                ("MIRROR_NEWER", "Update Foredeck, or open the file with the version that wrote it.")
            }
            DbError::NotAMirror => ("NOT_A_MIRROR", "Choose a file that Foredeck made."),
            DbError::Empty => {
                ("MIRROR_EMPTY", "Copy it again with \"Back up\" in Health, or once Foredeck is closed.")
            }
            DbError::Damaged(_) | DbError::Corrupt(_) => (
                "MIRROR_DAMAGED",
                "Run `foredeckctl mirror verify`; restore a backup, or remove the store and sync again.",
            ),
            DbError::ReadOnly => ("READ_ONLY", "Check the permissions of the file and its folder."),
            DbError::DiskFull => ("DISK_FULL", "Free some space; nothing stored is lost."),
            DbError::Exists(_) => ("FILE_EXISTS", "Choose a name that is not taken."),
            DbError::StaleProjections { .. } => (
                "MIRROR_NEEDS_REBUILD",
                "Copy the file into a data folder and open it for writing once, or run `foredeckctl mirror rebuild`.",
            ),
            DbError::HalfMade => (
                "MIRROR_NEEDS_REBUILD",
                "Wait until the rebuild is done; one that was cut short goes on when the store is opened again.",
            ),
            DbError::Stopped => ("CLOSED", "Open the store again."),
            DbError::Invalid(_) => ("INVALID", "Correct the request."),
            DbError::Sqlite(_) => {
                ("MIRROR_FAILED", "Try again; run `foredeckctl mirror verify` if it stays.")
            }
        };
        Self::new(code, error.to_string(), hint)
    }
}

impl From<StripeError> for Problem {
    fn from(error: StripeError) -> Self {
        let (_, code) = verdict(&error);
        Self::new(code, error.to_string(), hint(&error))
    }
}

impl From<TaskError> for Problem {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Stripe(error) => error.into(),
            TaskError::Db(error) => error.into(),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let (code, hint) = match &error {
            FileError::Missing(_) => ("NO_FILE", "Check the path."),
            FileError::NotAFile(_) => ("NOT_A_FILE", "Name the file itself, not its folder."),
            FileError::Denied(_) => ("FILE_DENIED", "Allow your account to read the file."),
            FileError::Io(_) => ("FILE_FAILED", "Copy the file to this machine and try again."),
            FileError::Empty => ("FILE_EMPTY", "Export it again with its header and rows."),
            FileError::NoRows => ("FILE_NO_ROWS", "Export it again with its rows."),
            FileError::Binary(_) => ("FILE_BINARY", "Save it as CSV (UTF-8) or as JSONL."),
            FileError::Encoding(_) | FileError::Latin(_) => ("FILE_ENCODING", "Save it as UTF-8."),
            FileError::NotJsonLines => ("FILE_NOT_JSONL", "Write one JSON object a line."),
            FileError::TooLong(_) => ("RECORD_TOO_LONG", "Look for a quote that is never closed."),
            FileError::DuplicateColumn(_) => ("DUPLICATE_COLUMN", "Give every column a name of its own."),
            FileError::UnknownField { .. } => ("NO_FIELD", "Map one of the fields there are."),
            FileError::UnknownColumn { .. } => ("NO_COLUMN", "Map one of the columns there are."),
            FileError::MissingField { .. } => {
                ("FIELD_MISSING", "Say which column it is: `--map FIELD=COLUMN`.")
            }
        };
        Self::new(code, error.to_string(), hint)
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let (code, hint) = match &error {
            ImportError::Busy => ("IMPORT_BUSY", "Wait until it has ended."),
            ImportError::NoBatch(_) => ("NO_BATCH", "See `foredeckctl imports` for the batches there are."),
            ImportError::Lock(_) => ("DATA_FOLDER", "Check the data folder's permissions."),
            ImportError::File(_) | ImportError::Db(_) => ("", ""),
        };
        match error {
            ImportError::File(error) => error.into(),
            ImportError::Db(error) => error.into(),
            other => Self::new(code, other.to_string(), hint),
        }
    }
}

impl From<BaseUrlError> for Problem {
    fn from(error: BaseUrlError) -> Self {
        Self::new(
            "BAD_URL",
            error.to_string(),
            "Give https://host, or http://127.0.0.1:PORT on this machine.",
        )
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        let (code, hint) = match &error {
            RegistryError::Io(_) => ("DATA_FOLDER", "Check the data folder's permissions and space."),
            RegistryError::Malformed(_) => {
                ("DATA_FOLDER", "Restore stores.json from a backup, or move it away.")
            }
            RegistryError::BadName(_) => {
                ("BAD_NAME", "Give a name of 1 to 60 characters that no other store has.")
            }
            RegistryError::Unknown(_) => ("NO_STORE", "See `store list` for the stores there are."),
        };
        Self::new(code, error.to_string(), hint)
    }
}

impl From<OperatorError> for Problem {
    fn from(error: OperatorError) -> Self {
        let (code, hint) = match &error {
            OperatorError::Document(DocumentError::Io(_)) => {
                ("DATA_FOLDER", "Check the data folder's permissions and space.")
            }
            OperatorError::Document(DocumentError::Malformed { .. }) => {
                ("DATA_FOLDER", "Restore operators.json, or delete it to begin with one owner again.")
            }
            OperatorError::BadName(_) | OperatorError::Taken(_) => {
                ("BAD_OPERATOR", "Give a name of 1 to 40 characters that nobody else has.")
            }
            OperatorError::Unknown(_) => {
                ("NO_OPERATOR", "See `foredeckctl operators list` for the operators there are.")
            }
            OperatorError::LastOwner(_) => ("LAST_OWNER", "Make somebody else an owner first."),
            OperatorError::FirstWithoutPassphrase(_) | OperatorError::NoPassphrase(_) => {
                ("NO_PASSPHRASE", "Set one first, in Settings or with `foredeckctl operators passphrase`.")
            }
            OperatorError::WeakPassphrase => ("BAD_PASSPHRASE", "Take a longer one, of some words."),
            OperatorError::WrongPassphrase => (
                "WRONG_PASSPHRASE",
                "Try again, or ask an owner for a new one; an owner who lost theirs deletes operators.json.",
            ),
            OperatorError::Wait(_) => ("WRONG_PASSPHRASE", "Wait, then try again."),
            OperatorError::Locked => ("LOCKED", "Choose your name and type your passphrase."),
            OperatorError::OneOperator => ("ONE_OPERATOR", "Add another operator first."),
            OperatorError::NotPermitted { .. } => ("NOT_PERMITTED", "Ask somebody of that role."),
            OperatorError::BadIdle => ("BAD_SETTING", "Give 1 to 1440 minutes, or 0 for never."),
            OperatorError::Hash(_) => ("INTERNAL", "Report this."),
        };
        Self::new(code, error.to_string(), hint)
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let hint = match error {
            KeyError::Publishable => {
                "Use a restricted key (rk_) or a secret key (sk_) from the Stripe Dashboard."
            }
            KeyError::Organisation => "Make a restricted key in the account itself.",
            KeyError::WebhookSecret => "Use an API key from Developers, API keys.",
            KeyError::Malformed => {
                "Paste the whole key: it starts with rk_live_, rk_test_, sk_live_ or sk_test_."
            }
        };
        Self::new("BAD_KEY", error.to_string(), hint)
    }
}

impl From<KlaviyoKeyError> for Problem {
    fn from(error: KlaviyoKeyError) -> Self {
        let hint = match error {
            KlaviyoKeyError::OfStripe => "Paste Stripe's key where Stripe is connected, and Klaviyo's here.",
            KlaviyoKeyError::PublicId => "Make a private key in Klaviyo: Settings, API keys.",
            KlaviyoKeyError::Prefix | KlaviyoKeyError::Characters => {
                "Paste the whole private key; it begins with pk_."
            }
        };
        Self::new("BAD_KLAVIYO_KEY", error.to_string(), hint)
    }
}

impl From<KlaviyoError> for Problem {
    fn from(error: KlaviyoError) -> Self {
        let (code, hint) = match &error {
            KlaviyoError::KeyRejected => (
                "KLAVIYO_KEY_REJECTED",
                "Make a new private key in Klaviyo (Settings, API keys) and set it here.",
            ),
            KlaviyoError::KeyMalformed => {
                ("BAD_KLAVIYO_KEY", "Paste the whole private key; it begins with pk_.")
            }
            KlaviyoError::ScopeMissing { .. } => (
                "KLAVIYO_SCOPE_MISSING",
                "Make a new private key that has this scope, as well as those of the old one, and set it here.",
            ),
            KlaviyoError::Throttled { .. } => {
                ("KLAVIYO_THROTTLED", "Wait: it is not asked again before then.")
            }
            KlaviyoError::MetricNotFound { .. } => (
                "KLAVIYO_METRIC_NOT_FOUND",
                "Choose one of the account's metrics; one is there from its first event on.",
            ),
            KlaviyoError::MetricNotReportable => {
                ("KLAVIYO_METRIC_UNUSABLE", "Choose another conversion metric, such as Placed Order.")
            }
            KlaviyoError::NotFound { .. } => ("KLAVIYO_NOT_FOUND", "Check the id."),
            KlaviyoError::DuplicateProfile { .. } => {
                ("KLAVIYO_DUPLICATE_PROFILE", "Merge the two profiles in Klaviyo.")
            }
            KlaviyoError::RevisionRetired => ("KLAVIYO_REVISION", "Update Foredeck."),
            KlaviyoError::Blocked { .. } => {
                ("KLAVIYO_BLOCKED", "Check VPN and proxy, then try again; the key is not at fault.")
            }
            KlaviyoError::ListBroken { .. } => {
                ("KLAVIYO_LIST_BROKEN", "Check the base URL and any proxy between here and Klaviyo.")
            }
            KlaviyoError::Refused { .. } => ("KLAVIYO_REFUSED", "Try again; report this if it stays."),
            KlaviyoError::Unexpected => {
                ("KLAVIYO_BAD_ANSWER", "Check the base URL and any proxy between here and Klaviyo.")
            }
            KlaviyoError::BaseUrl(_) => {
                ("BAD_URL", "Give https://host, or http://127.0.0.1:PORT on this machine.")
            }
            KlaviyoError::Http(http) => match http {
                HttpError::Offline { .. } => ("OFFLINE", "Check the network, then try again."),
                HttpError::HeldBack { .. } => ("HELD_BACK", "Wait, then try again."),
                HttpError::Tls { .. } => {
                    ("TLS_REFUSED", "Check the machine's clock, proxy and certificates.")
                }
                HttpError::Timeout { .. } => ("TIMEOUT", "Wait, then try again."),
                HttpError::Redirect { .. } => {
                    ("REDIRECT_REFUSED", "Check the base URL and any proxy between here and Klaviyo.")
                }
                HttpError::Throttled { .. } => ("KLAVIYO_THROTTLED", "Wait, then try again."),
                HttpError::BadBody { .. } => ("KLAVIYO_BAD_ANSWER", "Wait, then try again."),
                HttpError::Server { .. } => {
                    ("KLAVIYO_ERROR", "Wait, then try again; see status.klaviyo.com if it stays.")
                }
            },
        };
        Self::new(code, error.to_string(), hint)
    }
}

impl From<ReportServerKeyError> for Problem {
    fn from(error: ReportServerKeyError) -> Self {
        Self::new("BAD_REPORT_SERVER_KEY", error.to_string(), "Paste the report server's key, whole.")
    }
}

impl From<ReportServerError> for Problem {
    fn from(error: ReportServerError) -> Self {
        let (code, hint) = match &error {
            ReportServerError::KeyRejected { .. } => {
                ("REPORT_SERVER_KEY_REJECTED", "Set the key that the report server takes, and its header.")
            }
            ReportServerError::NothingThere { .. } => {
                ("REPORT_SERVER_NOT_THERE", "Check the report server's base URL and version.")
            }
            ReportServerError::Refused { .. } => {
                ("REPORT_SERVER_REFUSED", "Look into the report server's log, then ask again.")
            }
            ReportServerError::BaseUrl(_) => {
                ("BAD_URL", "Give https://host, or http://127.0.0.1:PORT on this machine.")
            }
            ReportServerError::KeyMalformed => {
                ("BAD_REPORT_SERVER_KEY", "Paste the report server's key, whole.")
            }
            ReportServerError::Unanswered(_) => {
                ("REPORT_SERVER_NO_ANSWER", "Wait: it is asked again under the same key.")
            }
            ReportServerError::Http(http) => match http {
                HttpError::Offline { .. } => {
                    ("REPORT_SERVER_OFFLINE", "Start the report server, or check its base URL.")
                }
                HttpError::Tls { .. } => {
                    ("TLS_REFUSED", "Check the machine's clock, proxy and certificates.")
                }
                HttpError::Redirect { .. } => {
                    ("REDIRECT_REFUSED", "Give the address that the report server itself has.")
                }
                HttpError::Timeout { .. } => ("TIMEOUT", "Wait, then try again."),
                _ => ("REPORT_SERVER_ERROR", "Look into the report server's log; it is tried again."),
            },
        };
        Self::new(code, error.to_string(), hint)
    }
}
