//! Any sequence of imports and removals leaves what a naive model of it leaves.

use std::collections::BTreeMap;

use foredeck_engine::domain::shop::ShopKind;
use proptest::prelude::*;

use super::Store;

#[derive(Debug, Clone)]
enum Deed {
    /// Keys and what is said of them.
    Import(BTreeMap<u8, i8>),
    /// The batch made so many imports ago, if it is there.
    Remove(usize),
    Rebuild,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => prop::collection::btree_map(0..12_u8, -2..3_i8, 1..9).prop_map(Deed::Import),
        2 => (0..6_usize).prop_map(Deed::Remove),
        1 => Just(Deed::Rebuild),
    ];
    prop::collection::vec(deed, 1..14)
}

/// Batches as lists of what they say: what holds is what the newest one says that is there.
#[derive(Default)]
struct Model {
    batches: BTreeMap<i64, BTreeMap<u8, i8>>,
}

impl Model {
    fn in_force(&self) -> BTreeMap<u8, (i64, i8)> {
        let said = self
            .batches
            .iter()
            .flat_map(|(batch, rows)| rows.iter().map(|(key, say)| (*key, (*batch, *say))));
        said.collect()
    }
}

fn play(deeds: &[Deed]) -> Result<(), TestCaseError> {
    let store = Store::open();
    let mut model = Model::default();
    for deed in deeds {
        match deed {
            Deed::Import(rows) => {
                let text: String = rows.iter().map(|(key, say)| format!("k{key:02},{say}\n")).collect();
                let report = store.import(ShopKind::Wallets, format!("user_id,balance\n{text}"));
                let before = model.in_force();
                let mut kept = rows.clone();
                kept.retain(|key, say| before.get(key).is_none_or(|(_, held)| held != say));
                let new = kept.keys().filter(|key| !before.contains_key(*key)).count();
                prop_assert_eq!(report.loaded, i64::try_from(kept.len()).unwrap());
                prop_assert_eq!(report.new, i64::try_from(new).unwrap());
                prop_assert_eq!(report.batch.is_some(), !kept.is_empty());
                if let Some(batch) = report.batch {
                    model.batches.insert(batch, kept);
                }
            }
            Deed::Remove(ago) => {
                if let Some(batch) = model.batches.keys().rev().nth(*ago).copied() {
                    let held =
                        |model: &Model| model.in_force().values().filter(|(of, _)| *of == batch).count();
                    let (removed, keys) = (held(&model), model.in_force().len());
                    model.batches.remove(&batch);
                    let report = store.remove(batch).unwrap();
                    prop_assert_eq!(report.removed, i64::try_from(removed).unwrap());
                    let restored = removed - (keys - model.in_force().len());
                    prop_assert_eq!(report.restored, i64::try_from(restored).unwrap());
                }
            }
            Deed::Rebuild => store.rebuild(),
        }
        let wanted: Vec<String> =
            model.in_force().iter().map(|(key, (batch, say))| format!("k{key:02} {batch} {say}")).collect();
        prop_assert_eq!(
            store.rows("SELECT user_id, batch, balance FROM shop_wallet ORDER BY user_id"),
            wanted
        );
        let counted =
            "SELECT (SELECT coalesce(sum(in_force), 0) FROM shop_batch) - (SELECT count(*) FROM shop_wallet)";
        prop_assert_eq!(store.rows(counted), vec!["0".to_owned()]);
    }
    Ok(())
}

#[test]
fn imports_and_removals_leave_what_a_naive_model_leaves() {
    let cases = if std::env::var_os("FOREDECK_LONG").is_some() { 3_000 } else { 60 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(deeds in deeds())| { play(&deeds)?; });
}
