//! Two desks, and answers that never come.

use foredeck_engine::domain::store::Mode;
use foredeck_engine::secrets::StripeKey;
use foredeck_sandbox::{DEFAULT_KEY, Faults};
use serde_json::json;

use super::desk::{assert_done, desk};
use crate::it::sync::desk::Desk;

#[tokio::test]
async fn two_desks_that_pay_the_same_back_at_once_pay_it_back_once() {
    for (one_amount, other_amount) in [(None, None), (Some(4_000), Some(4_000))] {
        let (desk, orders) = desk().await;
        // Another machine: a data folder of its own, the same account.
        let folder = tempfile::tempdir().unwrap();
        let engine = Desk::engine_at(folder.path(), &desk.clock);
        let store =
            engine.add_store("Shop", Mode::Test, &desk.sandbox.base_url(), Some("UTC")).await.unwrap();
        store.keep_key_unchecked(StripeKey::parse(DEFAULT_KEY).unwrap()).await.unwrap();
        store.sync_once(false, |_| {}).await.unwrap();
        desk.world.clear_requests();
        let call = || foredeck_engine::api::Call::new(engine.clone(), Some(store.public_id().to_owned()));
        let ask = |amount| json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": amount});
        let mine = desk.plan(ask(one_amount)).await.unwrap();
        let theirs = foredeck_engine::api::call(call(), "action_plan", ask(other_amount)).await.unwrap();
        let (one, other) = tokio::join!(
            desk.run(&mine),
            foredeck_engine::api::call(call(), "action_run", json!({"plan": theirs["id"]}))
        );
        let states = [one.unwrap(), other.unwrap()].map(|view| view["state"].as_str().unwrap().to_owned());
        assert_eq!(states.iter().filter(|state| *state == "succeeded").count(), 1, "{states:?}");
        let refunds = desk.effects().iter().filter(|one| one.path == "/v1/refunds").count();
        assert_eq!(refunds, 1);
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_the_effect_is_one() {
    for faults in [
        Faults { drop_after_effect_rate: 1.0, at_most: Some(3), ..Faults::default() },
        Faults { drop_before_effect_rate: 1.0, at_most: Some(3), ..Faults::default() },
        Faults { error_5xx_rate: 1.0, error_5xx_applied_share: 1.0, at_most: Some(1), ..Faults::default() },
        Faults { error_5xx_rate: 1.0, error_5xx_applied_share: 0.0, at_most: Some(1), ..Faults::default() },
        Faults { cut_body_rate: 1.0, at_most: Some(2), ..Faults::default() },
        Faults { html_rate: 1.0, at_most: Some(2), ..Faults::default() },
        Faults { rate_limit_rate: 1.0, at_most: Some(2), ..Faults::default() },
    ] {
        let (desk, orders) = desk().await;
        let requests = [
            json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 300}),
            json!({"action": "expire_session", "session": orders.open_session}),
            json!({"action": "capture", "intent": orders.held_intent}),
            json!({"action": "new_link", "order": "pre_gone"}),
            json!({"action": "change_details", "order": "pre_paid", "color": "blue"}),
        ];
        for request in requests {
            desk.world.clear_requests();
            let only_paths = ["/v1/refunds", "/v1/checkout/sessions", "/v1/payment_intents", "/v1/charges"];
            let only_paths = only_paths.map(str::to_owned).to_vec();
            let plan = desk.plan(request.clone()).await.unwrap();
            desk.world.set_faults(Faults { only_paths, ..faults.clone() });
            let mut view = desk.run(&plan).await.unwrap();
            for _ in 0..20 {
                if view["state"] == "succeeded" && view["verified"] == true {
                    break;
                }
                assert!(
                    view["state"] != "failed" || view["error_code"] == "OFFLINE",
                    "{faults:?}\n{request}\n{view:#}"
                );
                desk.advance(10);
                let _may_meet_a_fault = desk.try_sync().await;
                view = desk.get("action_get", json!({"id": view["id"]})).await;
            }
            desk.world.set_faults(Faults::default());
            if view["state"] == "failed" {
                assert!(desk.effects().is_empty(), "refused as offline before anything was sent: {view:#}");
                continue;
            }
            assert_done(&view);
            let mut effects: Vec<String> = desk.effects().into_iter().map(|one| one.path).collect();
            let sent = effects.len();
            effects.sort();
            effects.dedup();
            assert_eq!(sent, effects.len(), "{faults:?}\n{request}: each path once");
        }
        desk.advance(120);
        desk.sync().await;
    }
}

#[tokio::test]
async fn a_request_whose_key_stripe_may_have_forgotten_is_looked_for_first() {
    for (lost, effects) in [("after", 1), ("before", 1)] {
        let (desk, orders) = desk().await;
        let plan = desk
            .plan(json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 300}))
            .await
            .unwrap();
        let mut faults = Faults { only_paths: vec!["/v1/refunds".to_owned()], ..Faults::default() };
        if lost == "after" {
            faults.drop_after_effect_rate = 1.0;
        } else {
            faults.drop_before_effect_rate = 1.0;
        }
        desk.world.set_faults(faults);
        let run = {
            let engine = desk.engine.clone();
            let call = foredeck_engine::api::Call::new(engine, Some(desk.store.public_id().to_owned()));
            foredeck_engine::api::call(call, "action_run", json!({"plan": plan["id"]}))
        };
        let view = run.await.unwrap();
        assert_eq!(view["state"], "running", "{view:#}");
        desk.world.set_faults(Faults::default());
        // Two days pass; Stripe forgets the key after one.
        desk.advance(2 * 86_400);
        desk.sync().await;
        let view = desk.get("action_get", json!({"id": view["id"]})).await;
        assert_done(&view);
        assert_eq!(desk.effects().len(), effects, "lost {lost} the effect");
    }
}
