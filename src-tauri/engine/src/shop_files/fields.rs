//! The fields of each kind, and which of them no row can do without.

use crate::domain::shop::ShopKind;

/// A field of a shop's row that a column can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is what its name says; the words of a row are in domain/shop.rs")]
pub enum Field {
    Id,
    PreorderId,
    PaymentIntent,
    Session,
    Charge,
    EventId,
    UserId,
    Email,
    Name,
    Plan,
    Credits,
    Amount,
    AmountMinor,
    Currency,
    Status,
    Applied,
    Clawed,
    Endpoint,
    At,
    Balance,
    Granted,
    Kind,
    Note,
    Color,
    Locale,
    Source,
    Day,
    Label,
    Count,
}

impl Field {
    /// Its name, as `--map` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::PreorderId => "preorder_id",
            Self::PaymentIntent => "payment_intent",
            Self::Session => "session",
            Self::Charge => "charge",
            Self::EventId => "event_id",
            Self::UserId => "user_id",
            Self::Email => "email",
            Self::Name => "name",
            Self::Plan => "plan",
            Self::Credits => "credits",
            Self::Amount => "amount",
            Self::AmountMinor => "amount_minor",
            Self::Currency => "currency",
            Self::Status => "status",
            Self::Applied => "applied",
            Self::Clawed => "clawed",
            Self::Endpoint => "endpoint",
            Self::At => "at",
            Self::Balance => "balance",
            Self::Granted => "granted",
            Self::Kind => "kind",
            Self::Note => "note",
            Self::Color => "color",
            Self::Locale => "locale",
            Self::Source => "source",
            Self::Day => "day",
            Self::Label => "label",
            Self::Count => "count",
        }
    }
}

use Field as F;

/// The fields a kind has, in the order they are shown.
pub const fn fields_of(kind: ShopKind) -> &'static [Field] {
    match kind {
        ShopKind::Preorders => &[
            F::PreorderId,
            F::Status,
            F::Email,
            F::UserId,
            F::PaymentIntent,
            F::Session,
            F::Charge,
            F::Amount,
            F::AmountMinor,
            F::Currency,
            F::Color,
            F::Locale,
            F::Source,
            F::At,
        ],
        ShopKind::Purchases => &[
            F::Id,
            F::PaymentIntent,
            F::Session,
            F::Charge,
            F::EventId,
            F::UserId,
            F::Email,
            F::Plan,
            F::Credits,
            F::Amount,
            F::AmountMinor,
            F::Currency,
            F::Status,
            F::Applied,
            F::Clawed,
            F::Endpoint,
            F::At,
        ],
        ShopKind::Wallets => &[F::UserId, F::Email, F::Balance, F::Granted],
        ShopKind::WalletEntries => &[
            F::Id,
            F::UserId,
            F::Email,
            F::Kind,
            F::Credits,
            F::PaymentIntent,
            F::Session,
            F::Charge,
            F::EventId,
            F::At,
            F::Note,
        ],
        ShopKind::Users => &[F::UserId, F::Email, F::Name, F::At],
        ShopKind::UsageDaily => &[F::UserId, F::Day, F::Label, F::Count],
    }
}

/// Of each group, every file must map one field and every row have one.
pub(super) const fn needed_of(kind: ShopKind) -> &'static [&'static [Field]] {
    match kind {
        ShopKind::Preorders => &[&[F::PreorderId, F::PaymentIntent, F::Session, F::Charge]],
        ShopKind::Purchases => &[&[F::Id, F::PaymentIntent, F::Session, F::Charge, F::EventId]],
        ShopKind::Wallets => &[&[F::UserId, F::Email], &[F::Balance]],
        ShopKind::WalletEntries => &[&[F::UserId, F::Email], &[F::Credits]],
        ShopKind::Users => &[&[F::UserId, F::Email]],
        ShopKind::UsageDaily => &[&[F::UserId], &[F::Day], &[F::Count]],
    }
}
