use super::{Post, error, listed};
use foredeck_sandbox::KlaviyoConfig;
use foredeck_sandbox::klaviyo::Consent;
use serde_json::{Value, json};

fn profile(attributes: Value) -> Value {
    json!({"data": {"type": "profile", "attributes": attributes}})
}

#[tokio::test]
async fn an_import_makes_or_changes_and_null_clears() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let body = profile(json!({
        "email": "Aelith@Example.com", "first_name": "Aelith", "locale": "de-DE",
        "location": {"city": "Dunlamp", "country": "IE"},
        "properties": {"yoyo_color": "moss", "stripe_order_id": "po_1"},
    }));
    let made = post.post("/api/profile-import", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
    let change = profile(
        json!({"email": "aelith@example.com", "first_name": null, "properties": {"yoyo_color": null, "status": "paid"}}),
    );
    let changed = post.post("/api/profile-import", &change).await;
    assert_eq!((changed.status, changed.json()["data"]["id"].as_str()), (200, Some(id.as_str())));
    let attributes = changed.json()["data"]["attributes"].clone();
    assert_eq!(attributes["properties"], json!({"stripe_order_id": "po_1", "status": "paid"}));
    assert!(attributes["first_name"].is_null());
    assert_eq!(
        (attributes["locale"].as_str(), attributes["location"]["city"].as_str()),
        (Some("de-DE"), Some("Dunlamp"))
    );
    let mut unset = profile(json!({"email": "aelith@example.com"}));
    unset["data"]["meta"] = json!({"patch_properties": {"unset": "status"}});
    let left = post.post("/api/profile-import", &unset).await.json();
    assert_eq!(left["data"]["attributes"]["properties"], json!({"stripe_order_id": "po_1"}));
}

#[tokio::test]
async fn one_person_is_one_profile() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let first =
        post.post("/api/profiles", &profile(json!({"email": "a@example.com", "external_id": "u_1"}))).await;
    assert_eq!(first.status, 201);
    let id = first.json()["data"]["id"].as_str().unwrap().to_owned();
    let again = post.post("/api/profiles", &profile(json!({"email": "A@example.com"}))).await;
    assert_eq!((again.status, error(&again)["code"].as_str()), (409, Some("duplicate_profile")));
    assert_eq!(error(&again)["meta"]["duplicate_profile_id"], id);
    post.post("/api/profiles", &profile(json!({"email": "b@example.com"}))).await;
    let torn = post
        .post("/api/profile-import", &profile(json!({"email": "b@example.com", "external_id": "u_1"})))
        .await;
    assert_eq!(torn.status, 409, "e-mail and external id of two people");
    let patch = |email: &str| json!({"data": {"type": "profile", "id": id, "attributes": {"email": email}}});
    let path = format!("/api/profiles/{id}");
    assert_eq!(post.send("PATCH", &path, &patch("b@example.com")).await.unwrap().status, 409);
    let moved = post.send("PATCH", &path, &patch("c@example.com")).await.unwrap();
    assert_eq!(
        (moved.status, moved.json()["data"]["attributes"]["email"].as_str()),
        (200, Some("c@example.com"))
    );
    assert_eq!(post.control().profile_id("c@example.com"), Some(id));
    assert_eq!(post.control().profile_id("a@example.com"), None);
    let nobody = json!({"data": {"type": "profile", "id": "01NOBODY", "attributes": {}}});
    assert_eq!(post.send("PATCH", "/api/profiles/01NOBODY", &nobody).await.unwrap().status, 404);
}

#[tokio::test]
async fn profiles_are_found_by_email_and_say_who_may_be_mailed() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let control = post.control();
    for (email, consent) in [
        ("yes@example.com", Consent::Subscribed),
        ("no@example.com", Consent::Unsubscribed),
        ("never@example.com", Consent::NeverSubscribed),
        ("bounced@example.com", Consent::HardBounced),
    ] {
        control.consents(email, consent);
    }
    let found = post
        .get("/api/profiles?filter=equals(email,\"NO@example.com\")&additional-fields[profile]=subscriptions")
        .await
        .json();
    let marketing = &found["data"][0]["attributes"]["subscriptions"]["email"]["marketing"];
    assert_eq!(
        (marketing["can_receive_email_marketing"].as_bool(), marketing["consent"].as_str()),
        (Some(false), Some("UNSUBSCRIBED"))
    );
    assert_eq!(marketing["suppression"][0]["reason"], "UNSUBSCRIBE");
    let plain = post
        .get("/api/profiles?filter=any(email,[\"yes@example.com\",\"never@example.com\"])&sort=-email")
        .await
        .json();
    assert_eq!(listed(&plain, "email"), ["yes@example.com", "never@example.com"]);
    assert!(plain["data"][0]["attributes"]["subscriptions"].is_null());
    let suppressed = post
        .get("/api/profiles?filter=equals(subscriptions.email.marketing.suppression.reason,\"HARD_BOUNCE\")")
        .await
        .json();
    assert_eq!(listed(&suppressed, "email"), ["bounced@example.com"]);
    let page = post.get("/api/profiles?page[size]=3&sort=email").await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 3);
    let next = page["links"]["next"].as_str().unwrap().strip_prefix(&post.url()).unwrap().to_owned();
    assert_eq!(listed(&post.get(&next).await.json(), "email"), ["yes@example.com"]);
}
