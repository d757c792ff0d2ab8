//! Draws the faults that requests meet, from a seeded stream.

use super::aim::WriteTrouble;
use crate::config::Faults;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    None,
    Hang,
    Html,
    RateLimit,
    /// Failed before the idempotency layer.
    Unavailable(u16),
    /// A 500 that the idempotency layer keeps; whether the effect happened.
    Stored500 {
        applied: bool,
    },
    CutBody,
    DropBefore,
    DropAfter,
    HeldBefore,
    HeldAfter,
}

impl From<WriteTrouble> for Trouble {
    fn from(aimed: WriteTrouble) -> Trouble {
        match aimed {
            WriteTrouble::LostBefore => Trouble::DropBefore,
            WriteTrouble::LostAfter => Trouble::DropAfter,
            WriteTrouble::CutAnswer => Trouble::CutBody,
            WriteTrouble::Failed => Trouble::Stored500 { applied: false },
            WriteTrouble::FailedAfter => Trouble::Stored500 { applied: true },
            WriteTrouble::Unavailable => Trouble::Unavailable(503),
            WriteTrouble::RateLimited => Trouble::RateLimit,
            WriteTrouble::Hangs => Trouble::Hang,
            WriteTrouble::HeldBefore => Trouble::HeldBefore,
            WriteTrouble::HeldAfter => Trouble::HeldAfter,
        }
    }
}

impl Trouble {
    pub(crate) fn word(self) -> Option<&'static str> {
        Some(match self {
            Trouble::None => return None,
            Trouble::Hang => "hang",
            Trouble::Html => "html",
            Trouble::RateLimit => "rate_limit",
            Trouble::Unavailable(_) => "unavailable",
            Trouble::Stored500 { applied: false } => "stored_500",
            Trouble::Stored500 { applied: true } => "stored_500_applied",
            Trouble::CutBody => "cut_body",
            Trouble::DropBefore => "drop_before_effect",
            Trouble::DropAfter => "drop_after_effect",
            Trouble::HeldBefore => "held_before_effect",
            Trouble::HeldAfter => "held_after_effect",
        })
    }
}

pub(crate) struct Troubles {
    pub faults: Faults,
    chance: ChaCha8Rng,
    shown: u32,
}

impl Troubles {
    pub(crate) fn new(seed: u64) -> Troubles {
        Troubles {
            faults: Faults::default(),
            chance: ChaCha8Rng::seed_from_u64(seed ^ 0x07F0_B1E5),
            shown: 0,
        }
    }

    pub(crate) fn set(&mut self, faults: Faults) {
        self.faults = faults;
        self.shown = 0;
    }

    /// What this request meets.
    pub(crate) fn draw(&mut self, writes: bool, keyed: bool, path: &str) -> Trouble {
        let f = &self.faults;
        let touched =
            f.only_paths.is_empty() || f.only_paths.iter().any(|start| path.starts_with(start.as_str()));
        if !touched || f.at_most.is_some_and(|most| self.shown >= most) {
            return Trouble::None;
        }
        let five = match (writes && keyed, self.chance.random_range(0..3)) {
            (true, _) => {
                Trouble::Stored500 { applied: self.chance.random_bool(share(f.error_5xx_applied_share)) }
            }
            (false, 0) => Trouble::Unavailable(500),
            (false, 1) => Trouble::Unavailable(502),
            (false, _) => Trouble::Unavailable(503),
        };
        let mut offers = vec![
            (f.error_5xx_rate, five),
            (f.hang_rate, Trouble::Hang),
            (f.cut_body_rate, Trouble::CutBody),
            (f.html_rate, Trouble::Html),
            (f.rate_limit_rate, Trouble::RateLimit),
        ];
        if writes {
            offers.push((f.drop_after_effect_rate, Trouble::DropAfter));
            offers.push((f.drop_before_effect_rate, Trouble::DropBefore));
        }
        for (rate, trouble) in offers {
            if rate > 0.0 && self.chance.random_bool(share(rate)) {
                self.shown += 1;
                return trouble;
            }
        }
        Trouble::None
    }
}

fn share(rate: f64) -> f64 {
    rate.clamp(0.0, 1.0)
}
