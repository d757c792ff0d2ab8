use foredeck_sandbox::world::{CheckoutSpec, DirectSpec, DisputeOutcome, Portion, RefundState};
use foredeck_sandbox::{LedgerOrder, World};

fn spec(preorder_id: &str, email: &str) -> CheckoutSpec {
    CheckoutSpec {
        preorder_id: Some(preorder_id.to_owned()),
        email: Some(email.to_owned()),
        color: Some("ink".to_owned()),
        recovery: true,
        ..CheckoutSpec::default()
    }
}

fn order<'a>(orders: &'a [LedgerOrder], id: &str) -> &'a LedgerOrder {
    orders.iter().find(|o| o.id == id).unwrap_or_else(|| panic!("no order {id}"))
}

#[test]
fn each_end_of_a_story_has_its_word() {
    let mut w = World::new(3, 1_790_000_000);
    let open = |w: &mut World, id: &str| w.open_checkout(spec(id, &format!("{id}@example.com"))).unwrap();
    let s = open(&mut w, "open");
    let _ = s;
    let s = open(&mut w, "declined");
    w.decline(&s, "lost_card").unwrap();
    let s = open(&mut w, "failed");
    w.decline(&s, "lost_card").unwrap();
    w.expire(&s).unwrap();
    let s = open(&mut w, "expired");
    w.expire(&s).unwrap();
    let s = open(&mut w, "tried-and-left");
    w.attempt(&s).unwrap();
    w.expire(&s).unwrap();
    let s = open(&mut w, "paid");
    w.pay(&s).unwrap();
    let s = open(&mut w, "debit");
    w.pay_async(&s).unwrap();
    let s = open(&mut w, "bounced");
    w.pay_async(&s).unwrap();
    w.fail_async(&s).unwrap();
    let s = open(&mut w, "part");
    let c = w.pay(&s).unwrap();
    w.refund(&c, Portion::Amount(900), RefundState::Succeeded).unwrap();
    let s = open(&mut w, "won");
    let c = w.pay(&s).unwrap();
    let d = w.dispute(&c, "fraudulent").unwrap();
    w.close_dispute(&d, DisputeOutcome::Won).unwrap();
    let s = open(&mut w, "free");
    let _ = s;
    let free = w.open_checkout(CheckoutSpec { amount: Some(0), ..spec("nothing", "n@example.com") }).unwrap();
    w.pay(&free).unwrap();
    assert_eq!(w.object(&free).unwrap()["payment_status"], "no_payment_required");
    let direct = w.direct_intent(DirectSpec::default()).unwrap();
    let orders = w.ledger().orders;
    for (id, word) in [
        ("open", "processing"),
        ("declined", "processing"),
        ("failed", "failed"),
        ("expired", "expired"),
        ("tried-and-left", "expired"),
        ("paid", "completed"),
        ("debit", "processing"),
        ("bounced", "failed"),
        ("part", "partially_refunded"),
        ("won", "completed"),
        ("nothing", "completed"),
        (direct.as_str(), "initiated"),
    ] {
        assert_eq!(order(&orders, id).status, word, "{id}");
    }
    assert!(!order(&orders, &direct).checkout_opened && !order(&orders, &direct).payment_attempted);
    assert!(order(&orders, "declined").payment_attempted && !order(&orders, "open").payment_attempted);
}

#[test]
fn a_recovered_chain_is_one_order() {
    let mut w = World::new(3, 1_790_000_000);
    let first = w.open_checkout(spec("po", "a@example.com")).unwrap();
    w.expire(&first).unwrap();
    w.advance_to(1_790_000_050);
    let second = w.recover(&first).unwrap();
    w.pay(&second).unwrap();
    let orders = w.ledger().orders;
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].session_ids, [first, second]);
    assert_eq!((orders[0].started_at, orders[0].paid_at), (1_790_000_000, Some(1_790_000_050)));
}

#[test]
fn a_preorder_id_joins_unless_it_says_nothing_or_too_much() {
    let mut w = World::new(3, 1_790_000_000);
    for n in 0..2 {
        w.open_checkout(spec("same", "same@example.com")).unwrap();
        w.open_checkout(spec("undefined", &format!("u{n}@example.com"))).unwrap();
    }
    for n in 0..4 {
        w.open_checkout(spec("crowd", &format!("c{n}@example.com"))).unwrap();
    }
    for n in 0..3 {
        w.open_checkout(spec("family", &format!("f{n}@example.com"))).unwrap();
    }
    let orders = w.ledger().orders;
    assert_eq!(order(&orders, "same").session_ids.len(), 2);
    assert_eq!(order(&orders, "family").session_ids.len(), 3);
    assert_eq!(orders.iter().filter(|o| o.preorder_id.is_none()).count(), 6);
    assert_eq!(orders.len(), 8);
}

#[test]
fn paid_twice_counts_both_payments() {
    let mut w = World::new(3, 1_790_000_000);
    let a = w.open_checkout(spec("po", "a@example.com")).unwrap();
    let b = w.open_checkout(spec("po", "a@example.com")).unwrap();
    let charge = w.pay(&a).unwrap();
    w.pay(&b).unwrap();
    w.refund(&charge, Portion::All, RefundState::Succeeded).unwrap();
    let orders = w.ledger().orders;
    assert_eq!(
        (orders[0].status.as_str(), orders[0].refunded_minor, orders[0].kept),
        ("partially_refunded", 14_900, true)
    );
}
