//! A shop with an order in every state that a fix is for.

use foredeck_engine::error::Problem;
use foredeck_sandbox::world::{CheckoutSpec, DirectSpec};
use foredeck_sandbox::{Config, KeySpec, RequestLog};
use serde_json::{Value, json};

use crate::it::sync::desk::Desk;

/// Ids of the shop's orders, one in each state.
pub struct Orders {
    pub paid_charge: String,
    pub held_intent: String,
    pub open_session: String,
    pub expired_session: String,
    pub orphan_intent: String,
    pub price: String,
}

pub fn spec(preorder_id: &str, email: &str) -> CheckoutSpec {
    CheckoutSpec {
        preorder_id: Some(preorder_id.to_owned()),
        email: Some(email.to_owned()),
        name: Some("Ada Byron".to_owned()),
        color: Some("red".to_owned()),
        locale: Some("de".to_owned()),
        ..CheckoutSpec::default()
    }
}

pub async fn desk() -> (Desk, Orders) {
    desk_with(Config { seed: 5, ..Config::default() }).await
}

pub async fn desk_with(config: Config) -> (Desk, Orders) {
    let desk = Desk::with(config).await;
    let orders = desk.world.with_world(|world| {
        let paid = world.open_checkout(spec("pre_paid", "ada@example.com")).unwrap();
        let paid_charge = world.pay(&paid).unwrap();
        let held = world
            .open_checkout(CheckoutSpec { capture_by_hand: true, ..spec("pre_held", "bob@example.com") })
            .unwrap();
        world.authorize(&held).unwrap();
        let held_intent =
            world.object(&held).unwrap()["payment_intent"].as_str().expect("an intent").to_owned();
        let open_session = world.open_checkout(spec("pre_open", "cyd@example.com")).unwrap();
        let expired_session = world.open_checkout(spec("pre_gone", "dot@example.com")).unwrap();
        world.expire(&expired_session).unwrap();
        let orphan_intent = world
            .direct_intent(DirectSpec { email: Some("cyd@example.com".to_owned()), ..DirectSpec::default() })
            .unwrap();
        world.pay_direct(&orphan_intent).unwrap();
        let price = world.list_price("eur").unwrap().0.to_owned();
        Orders { paid_charge, held_intent, open_session, expired_session, orphan_intent, price }
    });
    desk.advance(120);
    desk.sync().await;
    desk.world.clear_requests();
    (desk, orders)
}

/// A restricted key that may do everything but write charges.
pub fn reads_charges_only() -> KeySpec {
    KeySpec {
        key: "rk_test_readschargesonlyreadscharges".to_owned(),
        denied: vec!["rak_charge_write".to_owned()],
        ..KeySpec::standard()
    }
}

impl Desk {
    pub async fn plan(&self, request: Value) -> Result<Value, Problem> {
        self.ask("action_plan", request).await
    }

    pub async fn run(&self, plan: &Value) -> Result<Value, Problem> {
        self.ask("action_run", json!({"plan": plan["id"]})).await
    }

    /// Plans and runs; the outcome.
    pub async fn fix(&self, request: Value) -> Value {
        let plan =
            self.plan(request.clone()).await.unwrap_or_else(|problem| panic!("{request}: {problem:?}"));
        assert!(
            self.effects().is_empty() || self.effects().iter().all(|one| one.applied),
            "a plan does nothing"
        );
        self.run(&plan).await.unwrap_or_else(|problem| panic!("{request}: {problem:?}"))
    }

    /// Writes that changed something at Stripe, answers replayed left out.
    pub fn effects(&self) -> Vec<RequestLog> {
        let wrote = |one: &RequestLog| one.method == "POST" && one.applied && !one.replayed;
        self.world.requests().into_iter().filter(wrote).collect()
    }

    pub async fn audit_events(&self, action: &Value) -> Vec<String> {
        let page = self.get("audit_page", json!({"action": action["id"], "limit": 500})).await;
        let rows = page["rows"].as_array().unwrap();
        rows.iter().rev().map(|row| row["event"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn sheet(&self, id: &str) -> Value {
        self.get("preorder_sheet", json!({"id": id})).await
    }
}

/// The outcome succeeded and was verified.
#[track_caller]
pub fn assert_done(view: &Value) {
    assert_eq!(view["state"], "succeeded", "{view:#}");
    assert_eq!(view["verified"], true, "{view:#}");
}
