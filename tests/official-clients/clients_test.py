"""Stripe's own PyPI client against the sandbox: code that nobody here wrote judges what the sandbox serves."""

import json
import os
import unittest
import urllib.request
import uuid

import stripe

BASE = os.environ.get("SANDBOX_URL", "http://127.0.0.1:12111")
FULL_KEY = "sk_test_sandbox000000000000000000"
RESTRICTED_KEY = os.environ.get("SANDBOX_RESTRICTED_KEY", "rk_test_restricted0000000000")


def client(key=FULL_KEY):
    return stripe.StripeClient(key, base_addresses={"api": BASE}, max_network_retries=0)


def desk(path, body):
    request = urllib.request.Request(
        f"{BASE}/_sandbox/{path}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def order(**fields):
    return desk("order", {"email": "python@example.com", "color": "moss", **fields})


SESSION = {
    "mode": "payment",
    "line_items": [
        {
            "price_data": {"currency": "eur", "unit_amount": 14900, "product_data": {"name": "Lamp"}},
            "quantity": 1,
        }
    ],
    "success_url": "https://shop.example.com/thanks",
    "metadata": {"preorderId": "po_python"},
    "after_expiration": {"recovery": {"enabled": True}},
}


class OfficialClient(unittest.TestCase):
    def setUp(self):
        stripe.enable_telemetry = False
        self.stripe = client().v1

    def test_pages_both_ways(self):
        for _ in range(6):
            order(outcome="paid")
        down = [event.id for event in self.stripe.events.list({"limit": 7}).auto_paging_iter()]
        self.assertGreater(len(down), 30)
        self.assertEqual(len(set(down)), len(down))
        page = self.stripe.events.list({"limit": 6, "ending_before": down[-1]})
        up = [event.id for event in page.auto_paging_iter()]
        self.assertEqual(up, down[:-1][::-1])

    def test_created_bounds_hold(self):
        now = desk("advance", {"seconds": 100})["now"]
        order(outcome="paid")
        young = self.stripe.events.list({"created": {"gte": now}, "limit": 100}).data
        self.assertGreaterEqual(len(young), 4)
        self.assertTrue(all(event.created >= now for event in young))
        old = self.stripe.events.list({"created": {"lt": now}, "limit": 100}).data
        self.assertTrue(all(event.created < now for event in old))

    def test_a_session_is_created_and_expired_once(self):
        made = self.stripe.checkout.sessions.create(SESSION)
        self.assertEqual(made.status, "open")
        read = self.stripe.checkout.sessions.retrieve(made.id, {"expand": ["line_items"]})
        self.assertEqual(read.line_items.data[0].amount_total, 14900)
        self.assertEqual(self.stripe.checkout.sessions.expire(made.id).status, "expired")
        with self.assertRaises(stripe.InvalidRequestError):
            self.stripe.checkout.sessions.expire(made.id)

    def test_a_refund_stops_at_what_is_left(self):
        charge = order(outcome="paid")["charge"]
        self.assertEqual(self.stripe.refunds.create({"charge": charge, "amount": 4900}).status, "succeeded")
        self.assertEqual(self.stripe.refunds.create({"charge": charge}).amount, 10000)
        with self.assertRaises(stripe.InvalidRequestError) as refused:
            self.stripe.refunds.create({"charge": charge})
        self.assertEqual(refused.exception.code, "charge_already_refunded")

    def test_an_idempotency_key_is_replayed_and_refused(self):
        options = {"idempotency_key": str(uuid.uuid4())}
        first = self.stripe.customers.create({"email": "once@example.com"}, options)
        second = self.stripe.customers.create({"email": "once@example.com"}, options)
        self.assertEqual(first.id, second.id)
        self.assertEqual(second.last_response.headers["idempotent-replayed"], "true")
        with self.assertRaises(stripe.IdempotencyError):
            self.stripe.customers.create({"email": "other@example.com"}, options)

    def test_errors_have_the_right_classes(self):
        with self.assertRaises(stripe.AuthenticationError):
            client("sk_test_nobodyknowsthiskey").v1.events.list()
        with self.assertRaises(stripe.PermissionError) as denied:
            client(RESTRICTED_KEY).v1.checkout.sessions.list()
        self.assertIn("'rak_checkout_session_read'", str(denied.exception))
        with self.assertRaises(stripe.InvalidRequestError) as missing:
            self.stripe.charges.retrieve("ch_none")
        self.assertEqual((missing.exception.http_status, missing.exception.code), (404, "resource_missing"))

    def test_trouble_on_the_way_has_the_right_classes(self):
        self.addCleanup(desk, "faults", {})
        desk("faults", {"rate_limit_rate": 1})
        with self.assertRaises(stripe.RateLimitError):
            self.stripe.events.list()
        desk("faults", {"error_5xx_rate": 1})
        with self.assertRaises(stripe.APIError):
            self.stripe.events.list()
        desk("faults", {"cut_body_rate": 1})
        with self.assertRaises((stripe.APIConnectionError, stripe.APIError)):
            self.stripe.account.retrieve_current() if hasattr(self.stripe, "account") else self.stripe.events.list()


# Last, because it ages every event that was there before.
class Retention(unittest.TestCase):
    def test_zz_a_purged_cursor_is_refused(self):
        events = client().v1.events
        order(outcome="paid")
        cursor = events.list({"limit": 1}).data[0].id
        desk("advance", {"seconds": 31 * 86_400})
        with self.assertRaises(stripe.InvalidRequestError) as purged:
            events.list({"starting_after": cursor})
        self.assertEqual(purged.exception.http_status, 400)
        self.assertIn("aged out of our retention policy", str(purged.exception))


if __name__ == "__main__":
    unittest.main()
