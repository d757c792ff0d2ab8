//! What users do with their credits, and what support gives and takes by hand. No handler of a webhook is in it.

use super::draft::{Draft, Holder};
use super::rows::{UsageRow, WalletEntryRow, day};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, HashMap};

const MODELS: [&str; 3] = ["glow-1", "glow-1-turbo", "deep-sea-xl"];
const REASONS: [&str; 4] =
    ["goodwill after an outage", "contest prize", "support: renders failed", "moved from the old shop"];

/// Lets users spend and support adjust. Nobody goes below zero.
pub(super) fn spend(now: i64, draft: &mut Draft, rng: &mut ChaCha8Rng) {
    let mut balances = draft.balances();
    let mut holders: BTreeMap<String, (Holder, i64)> = BTreeMap::new();
    for entry in draft.entries.iter().filter(|entry| entry.kind == "grant") {
        let holder = || Holder {
            owner: entry.owner.clone(),
            user_id: entry.user_id.clone(),
            email: entry.email.clone(),
        };
        let first = holders.entry(entry.owner.clone()).or_insert_with(|| (holder(), entry.created_at));
        first.1 = first.1.min(entry.created_at);
    }
    let mut usage: BTreeMap<(String, String, &str), i64> = BTreeMap::new();
    for (holder, since) in holders.into_values() {
        if rng.random_bool(0.2) {
            adjust(now, draft, rng, (&holder, since), &mut balances);
        }
        let Some(user_id) = holder.user_id.clone() else { continue };
        // Two in five have not come round to it yet.
        if rng.random_bool(0.4) {
            continue;
        }
        for _ in 0..rng.random_range(1..=6) {
            let balance = balances.entry(holder.owner.clone()).or_default();
            let most = *balance * 2 / 5;
            if most < 1 {
                break;
            }
            let credits = rng.random_range(1..=most);
            *balance -= credits;
            let at = rng.random_range(since..=now.max(since));
            let model = MODELS[rng.random_range(0..MODELS.len())];
            let entry = draft.entry(&holder, "spend", -credits, at, model);
            draft.entries.push(WalletEntryRow { id: crate::ids::tail(rng, "wle_s", 15), ..entry });
            *usage.entry((user_id.clone(), day(at), model)).or_default() += credits;
        }
    }
    draft.usage = usage
        .into_iter()
        .map(|((user_id, day, model), count)| UsageRow { user_id, day, model: model.to_owned(), count })
        .collect();
}

fn adjust(
    now: i64,
    draft: &mut Draft,
    rng: &mut ChaCha8Rng,
    (holder, since): (&Holder, i64),
    balances: &mut HashMap<String, i64>,
) {
    let balance = balances.entry(holder.owner.clone()).or_default();
    let credits = match rng.random_bool(0.7) {
        true => rng.random_range(5..=120),
        false => -rng.random_range(0..=(*balance).max(0) / 4),
    };
    *balance += credits;
    if credits != 0 {
        let at = rng.random_range(since..=now.max(since));
        let entry =
            draft.entry(holder, "adjustment", credits, at, REASONS[rng.random_range(0..REASONS.len())]);
        draft.entries.push(WalletEntryRow { id: crate::ids::tail(rng, "wle_a", 15), ..entry });
    }
}
