//! Fixes whose program is killed with SIGKILL: run again, each effect is there once and none is left half done.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use foredeck_engine::secrets::Keychain;
use foredeck_sandbox::world::{CheckoutSpec, DirectSpec};
use foredeck_sandbox::{ClockMode, Config, Effect, ShopPlan, WriteTrouble};
use serde_json::{Value, json};

use crate::desk::{Desk, Ran};
use crate::mirror::Mirror;
use crate::{Dice, MACHINE, count, now, seed};

const PATIENCE: Duration = Duration::from_secs(60);

/// Where a fix is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Its request is committed, and nothing of it reached Stripe.
    BeforeTheCall,
    /// Stripe has the request and has done nothing yet.
    InTheCall,
    /// Stripe has done it and not answered.
    BeforeTheAnswer,
    /// It was answered.
    AfterTheAnswer,
}

fn spec(order: &str, number: usize) -> CheckoutSpec {
    CheckoutSpec {
        preorder_id: Some(order.to_owned()),
        email: Some(format!("buyer{number}@example.com")),
        color: Some("red".to_owned()),
        locale: Some("de".to_owned()),
        ..CheckoutSpec::default()
    }
}

/// A shop with `each` orders in every state that a fix is for, and what can be asked for of them.
pub async fn shop(each: usize) -> (Desk, Vec<Value>) {
    let desk = Desk::open(Config {
        seed: 9,
        clock: ClockMode::Virtual { start: now() },
        shop: ShopPlan::Empty,
        ..Config::default()
    })
    .await;
    let requests = desk.world.with_world(|world| {
        let mut requests = Vec::new();
        let price = world.list_price("eur").unwrap().0.to_owned();
        for number in 0..each {
            let id = |what: &str| format!("pre_{what}_{number}");
            let paid = world.open_checkout(spec(&id("paid"), number)).unwrap();
            let charge = world.pay(&paid).unwrap();
            requests.push(json!({"action": "refund", "payment": charge}));
            let part = world.open_checkout(spec(&id("part"), number)).unwrap();
            let charge = world.pay(&part).unwrap();
            requests.push(json!({"action": "refund", "payment": charge, "amount_minor": 700}));
            for (what, action) in [("take", "capture"), ("drop", "cancel_authorisation")] {
                let held = CheckoutSpec { capture_by_hand: true, ..spec(&id(what), number) };
                let held = world.open_checkout(held).unwrap();
                world.authorize(&held).unwrap();
                let intent = world.object(&held).unwrap()["payment_intent"].clone();
                requests.push(json!({"action": action, "intent": intent}));
            }
            let open = world.open_checkout(spec(&id("open"), number)).unwrap();
            requests.push(json!({"action": "expire_session", "session": open}));
            let gone = world.open_checkout(spec(&id("gone"), number)).unwrap();
            world.expire(&gone).unwrap();
            requests.push(json!({"action": "new_link", "order": id("gone")}));
            let orphan = DirectSpec { email: Some(format!("buyer{number}@example.com")), ..DirectSpec::default() };
            let orphan = world.direct_intent(orphan).unwrap();
            world.pay_direct(&orphan).unwrap();
            world.open_checkout(spec(&id("wait"), number)).unwrap();
            requests.push(json!({"action": "link_payment", "payment": orphan, "order": id("wait")}));
            let other = world.open_checkout(spec(&id("blue"), number)).unwrap();
            world.pay(&other).unwrap();
            requests.push(json!({"action": "change_details", "order": id("blue"), "color": "blue", "email": format!("new{number}@example.com")}));
            requests.push(json!({"action": "new_preorder", "email": format!("fresh{number}@example.com"), "color": "red",
                "locale": "en", "price": price}));
            requests.push(json!({"action": "annotate", "order": id("paid"), "note": "called"}));
            requests.push(json!({"action": "refetch", "order": id("paid")}));
        }
        requests
    });
    desk.world.advance(120);
    (desk, requests)
}

pub fn open(mirror: &Mirror<'_>) {
    mirror.run(["settings", "set", "max_requests_per_s=100"]).ok();
    mirror.run(["guard", "set", "daily_money.eur=100000000", "support_money.eur=100000000"]).ok();
    mirror.sync();
}

pub fn plan(mirror: &Mirror<'_>, request: &Value) -> Ran {
    mirror.run(["call", "action_plan", &request.to_string(), "--json"])
}

/// Runs the plan until the action is over.
pub fn finish(mirror: &Mirror<'_>, plan: &str) -> Value {
    let began = Instant::now();
    loop {
        let ran = mirror.run(["fix", "run", plan, "--yes", "--json"]);
        let view: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}\n{}", ran.out, ran.err));
        let over = view["state"] != "queued" && view["state"] != "running";
        if over && (view["state"] != "succeeded" || !view["verified"].is_null()) {
            return view;
        }
        assert!(began.elapsed() < PATIENCE, "{view:#}");
    }
}

/// Effects by request: each key did its thing once.
pub fn assert_each_once(effects: &[Effect]) {
    let mut by_key: BTreeMap<&str, usize> = BTreeMap::new();
    for effect in effects {
        *by_key.entry(effect.idempotency_key.as_deref().expect("every write has a key")).or_default() += 1;
    }
    let twice: Vec<_> = by_key.into_iter().filter(|(_, times)| *times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fix_killed_at_each_moment_and_run_again_has_one_effect() {
    let _shared = MACHINE.read().await;
    for moment in [Moment::BeforeTheCall, Moment::InTheCall, Moment::BeforeTheAnswer, Moment::AfterTheAnswer]
    {
        let (desk, requests) = shop(1).await;
        let (whole, mirror) = (Mirror::new(&desk, "whole"), Mirror::new(&desk, "killed"));
        drop(whole);
        open(&mirror);
        let mut done = 0;
        for request in &requests {
            let writes = !matches!(request["action"].as_str(), Some("annotate" | "refetch"));
            if !writes {
                continue;
            }
            desk.world.clear_effects();
            desk.world.clear_requests();
            let plan = plan(&mirror, request).ok().json();
            let id = plan["id"].as_str().unwrap();
            let calls =
                plan["calls"].as_array().unwrap().iter().filter(|call| call["method"] == "POST").count();
            kill(&desk, &mirror, id, moment).await;
            let view = finish(&mirror, id);
            assert_eq!(
                (&view["state"], &view["verified"]),
                (&json!("succeeded"), &json!(true)),
                "{moment:?} {view:#}"
            );
            let effects = desk.world.effects();
            assert_each_once(&effects);
            let unneeded =
                usize::from(request["action"] == "change_details" || request["action"] == "link_payment");
            assert!(
                effects.len() == calls || (unneeded == 1 && effects.len() <= calls),
                "{moment:?} {request}: {} of {calls} effects: {effects:#?}",
                effects.len()
            );
            done += 1;
        }
        assert_eq!(done, 9);
        assert_eq!(
            mirror.count("SELECT count(*) FROM action WHERE state <> 'succeeded' OR verified IS NOT 1"),
            0
        );
        assert_eq!(mirror.count("SELECT count(*) FROM action_step WHERE state = 'intended'"), 0);
        mirror.run(["audit", "verify", "--json"]).ok();
    }
}

/// Starts a fix and kills it at a moment.
async fn kill(desk: &Desk, mirror: &Mirror<'_>, plan: &str, moment: Moment) {
    match moment {
        Moment::BeforeTheCall => {
            for nth in 1..=6 {
                desk.world.on_write("", nth, WriteTrouble::LostBefore);
            }
        }
        Moment::InTheCall => desk.world.hold_effects(),
        Moment::BeforeTheAnswer => desk.world.hold_answers(),
        Moment::AfterTheAnswer => {}
    }
    let mut run = mirror.start(&["fix", "run", plan, "--yes", "--json"]);
    let began = Instant::now();
    loop {
        let wrote = desk.world.requests().iter().any(|one| one.method == "POST");
        let met = match moment {
            Moment::BeforeTheCall | Moment::AfterTheAnswer => wrote,
            Moment::InTheCall | Moment::BeforeTheAnswer => desk.world.held() > 0,
        };
        if met || run.has_ended() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the moment never came");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let was_alive = run.kill();
    assert!(was_alive || moment == Moment::AfterTheAnswer, "it was killed at {moment:?}");
    desk.world.call_off();
    desk.world.release();
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_fixes_killed_at_random_points_have_each_effect_at_most_once() {
    let _shared = MACHINE.read().await;
    let mut dice = Dice(seed());
    let wanted = count(200, 1_000);
    let (desk, requests) = shop(wanted.div_ceil(11)).await;
    let mirror = Mirror::new(&desk, "mixed");
    open(&mirror);
    desk.world.clear_effects();
    let (mut kills, mut refused, mut plans) = (0, 0, Vec::new());
    let mut order: Vec<usize> = (0..requests.len()).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, usize::try_from(dice.draw(place as u64 + 1)).unwrap());
    }
    for request in order.into_iter().take(wanted).map(|at| &requests[at]) {
        let planned = plan(&mirror, request);
        if planned.code != 0 {
            refused += 1;
            continue;
        }
        let id = planned.json()["id"].as_str().unwrap().to_owned();
        match dice.draw(8) {
            0 => desk.world.on_write("", 1, WriteTrouble::LostAfter),
            1 => desk.world.on_write("", 1, WriteTrouble::LostBefore),
            2 => desk.world.on_write("", 1, WriteTrouble::FailedAfter),
            3 => desk.world.on_write("", 1, WriteTrouble::Failed),
            _ => {}
        }
        let run = mirror.start(&["fix", "run", &id, "--yes", "--json"]);
        tokio::time::sleep(Duration::from_micros(dice.draw(120_000))).await;
        kills += usize::from(run.kill());
        desk.world.call_off();
        plans.push(id);
    }
    // What was confirmed goes on by itself with the next syncs; what never was is not done at all.
    let began = Instant::now();
    while mirror.count("SELECT count(*) FROM action WHERE due_at IS NOT NULL") > 0 {
        assert!(began.elapsed() < PATIENCE * 3, "something is never over");
        mirror.sync();
    }
    let effects = desk.world.effects();
    assert_each_once(&effects);
    let count = |sql: &str| mirror.count(sql);
    let (confirmed, succeeded) = (
        count("SELECT count(*) FROM action"),
        count("SELECT count(*) FROM action WHERE state = 'succeeded' AND verified = 1"),
    );
    eprintln!(
        "{} planned, {refused} refused, {kills} killed, {confirmed} confirmed, {succeeded} done, {} effects",
        plans.len(),
        effects.len()
    );
    let undone: Vec<String> = mirror.read(|connection| {
        let sql = "SELECT kind || ' ' || state || ' ' || coalesce(verified, '-') || ' ' || coalesce(error_code, '') || ' ' || coalesce(error, '')
                   FROM action WHERE state <> 'succeeded' OR verified IS NOT 1";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(rows)
    });
    assert_eq!(succeeded, confirmed, "{undone:#?}");
    assert_eq!(count("SELECT count(*) FROM action_step WHERE state NOT IN ('done')"), 0);
    assert!(kills * 10 > plans.len() * 3, "too few were killed under way: {kills}");
    // Whatever has an effect is an action's, and every action has its own.
    let keys: Vec<String> = effects.iter().filter_map(|effect| effect.idempotency_key.clone()).collect();
    for key in &keys {
        let known = mirror.read(|connection| {
            Ok(connection.query_row(
                "SELECT count(*) FROM action_step WHERE key = ?1 OR ?1 LIKE key || '%'",
                [key],
                |row| row.get::<_, i64>(0),
            )?)
        });
        assert!(known > 0 || key.starts_with("foredeck-"), "{key}");
    }
    mirror.run(["audit", "verify", "--json"]).ok();
    let refunded: i64 = desk.world.ledger().orders.iter().map(|order| order.refunded_minor).sum();
    let here = count("SELECT coalesce(sum(refunded), 0) FROM preorder");
    assert_eq!(here, refunded, "the mirror's refunds are Stripe's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_run_with_failing_calls_and_a_kill_in_the_middle_ends_right_for_every_order() {
    let _shared = MACHINE.read().await;
    let orders = count(150, 1_000);
    let desk = Desk::open(Config {
        seed: 3,
        clock: ClockMode::Virtual { start: now() },
        shop: ShopPlan::Empty,
        ..Config::default()
    })
    .await;
    desk.world.with_world(|world| {
        for number in 0..orders {
            let session = world.open_checkout(spec(&format!("pre_{number:04}"), number)).unwrap();
            world.pay(&session).unwrap();
        }
    });
    desk.world.advance(120);
    let mirror = Mirror::new(&desk, "bulk");
    open(&mirror);
    let ids: String = (0..orders).map(|number| format!("pre_{number:04}\n")).collect();
    let planned = Ran::of(&mut mirror.command(["fix", "bulk", "plan", "refund", "--json"]), &ids).ok().json();
    assert_eq!(planned["count"], orders);
    let id = planned["id"].as_str().unwrap();
    desk.world.clear_effects();
    desk.world.set_faults(foredeck_sandbox::Faults {
        drop_after_effect_rate: 0.04,
        drop_before_effect_rate: 0.03,
        error_5xx_rate: 0.03,
        error_5xx_applied_share: 0.5,
        only_paths: vec!["/v1/refunds".to_owned()],
        ..foredeck_sandbox::Faults::default()
    });
    let run = mirror.start(&["fix", "run", id, "--yes", "--json"]);
    let began = Instant::now();
    while desk.world.effects().len() < orders / 2 {
        assert!(began.elapsed() < PATIENCE * 3, "half of it is never done");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(run.kill(), "it was killed in the middle");
    let mut view = mirror.run(["fix", "bulk", "show", id, "--json"]).ok().json();
    while view["waiting"] != 0 || view["unverified"] != 0 {
        assert!(began.elapsed() < PATIENCE * 6, "{view:#}");
        view = mirror.run(["fix", "bulk", "resume", id, "--json"]).json();
    }
    assert_eq!(
        (&view["succeeded"], &view["failed"], &view["unknown"]),
        (&json!(orders), &json!(0), &json!(0)),
        "{view:#}"
    );
    let effects = desk.world.effects();
    assert_each_once(&effects);
    let refunds = effects.iter().filter(|effect| effect.path == "/v1/refunds").count();
    assert_eq!(refunds, orders);
    let ledger = desk.world.ledger();
    assert!(ledger.orders.iter().all(|order| order.status == "refunded"), "each whole, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_a_watcher_and_a_script_do_each_effect_once() {
    let _shared = MACHINE.read().await;
    let (desk, requests) = shop(2).await;
    let mirror = Mirror::new(&desk, "shared");
    open(&mirror);
    desk.world.clear_effects();
    let mut watch = mirror.start(&["sync", "--watch"]);
    let engine = foredeck_engine::engine::Engine::open(foredeck_engine::engine::Options {
        data_dir: mirror.folder().to_owned(),
        keychain: Keychain::Off,
        clock: std::sync::Arc::new(foredeck_engine::clock::SystemClock::default()),
        max_per_s: Some(100),
    })
    .unwrap();
    let store = engine.store("Shop").await.unwrap();
    store
        .keep_key_unchecked(
            foredeck_engine::secrets::StripeKey::parse(foredeck_sandbox::DEFAULT_KEY).unwrap(),
        )
        .await
        .unwrap();
    store.start_sync();
    for request in requests.iter().filter(|request| request["action"] != "refetch") {
        let planned = plan(&mirror, request).ok().json();
        let id = planned["id"].as_str().unwrap();
        // The same plan from both sides at once: one action.
        let call = foredeck_engine::api::Call::new(engine.clone(), Some(store.public_id().to_owned()));
        let script = mirror.start(&["fix", "run", id, "--yes", "--json"]);
        let window = foredeck_engine::api::call(call, "action_run", json!({"plan": id})).await;
        assert!(
            window.is_ok() || window.as_ref().is_err_and(|problem| problem.code == "NO_PLAN"),
            "{window:?}"
        );
        drop(script);
        let view = finish(&mirror, id);
        assert_eq!(view["state"], "succeeded", "{view:#}");
    }
    assert!(!watch.has_ended(), "the watcher goes on");
    store.stop_sync().await;
    assert_each_once(&desk.world.effects());
    assert_eq!(mirror.count("SELECT count(*) FROM action WHERE state <> 'succeeded'"), 0);
    mirror.run(["audit", "verify", "--json"]).ok();
}
