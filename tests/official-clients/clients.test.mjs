// Stripe's own npm client against the sandbox: code that nobody here wrote judges what the sandbox serves.
import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";

const base = new URL(process.env.SANDBOX_URL ?? "http://127.0.0.1:12111");
const FULL_KEY = "sk_test_sandbox000000000000000000";
const RESTRICTED_KEY = process.env.SANDBOX_RESTRICTED_KEY ?? "rk_test_restricted0000000000";

function client(key = FULL_KEY) {
  return new Stripe(key, {
    host: base.hostname,
    port: Number(base.port),
    protocol: "http",
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

async function desk(path, body) {
  const answer = await fetch(new URL(`/_sandbox/${path}`, base), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.status === 204 ? undefined : answer.json();
}

const order = (fields) => desk("order", { email: "node@example.com", color: "ink", ...fields });
const stripe = client();
const session = {
  mode: "payment",
  line_items: [
    { price_data: { currency: "eur", unit_amount: 14900, product_data: { name: "Lamp" } }, quantity: 1 },
  ],
  success_url: "https://shop.example.com/thanks",
  client_reference_id: "po_node",
  metadata: { preorderId: "po_node", color: "ink" },
  payment_intent_data: { metadata: { preorderId: "po_node" } },
  after_expiration: { recovery: { enabled: true } },
};

async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail("it was not refused");
}

test("auto-pagination walks all events, newest first", async () => {
  for (let n = 0; n < 8; n += 1) await order({ outcome: "paid" });
  const seen = [];
  for await (const event of stripe.events.list({ limit: 7 })) seen.push(event);
  assert.ok(seen.length >= 40);
  assert.equal(new Set(seen.map((event) => event.id)).size, seen.length);
  const created = seen.map((event) => event.created);
  assert.deepEqual(created, created.toSorted((a, b) => b - a));
  assert.ok(seen.every((event) => event.object === "event" && event.data.object.id));
});

test("auto-pagination with ending_before walks in chronological order", async () => {
  const down = [];
  for await (const event of stripe.events.list({ limit: 100 })) down.push(event.id);
  const up = [];
  for await (const event of stripe.events.list({ limit: 6, ending_before: down.at(-1) })) up.push(event.id);
  assert.deepEqual(up, down.slice(0, -1).reverse());
});

test("created filters and types hold", async () => {
  const { now } = await desk("advance", { seconds: 100 });
  await order({ outcome: "paid" });
  const young = await stripe.events.list({ created: { gte: now }, limit: 100 });
  assert.ok(young.data.length >= 4 && young.data.every((event) => event.created >= now));
  const old = await stripe.events.list({ created: { lt: now }, limit: 100 });
  assert.ok(old.data.every((event) => event.created < now));
  const typed = await stripe.events.list({ types: ["charge.succeeded", "customer.created"], limit: 100 });
  assert.deepEqual([...new Set(typed.data.map((event) => event.type))].sort(), ["charge.succeeded", "customer.created"]);
  const wild = await stripe.events.list({ type: "payment_intent.*", limit: 100 });
  assert.ok(wild.data.length > 0 && wild.data.every((event) => event.type.startsWith("payment_intent.")));
});

test("a session is created, read with its items, and expired once", async () => {
  const made = await stripe.checkout.sessions.create(session);
  assert.equal(made.status, "open");
  assert.match(made.lastResponse.requestId, /^req_/);
  const read = await stripe.checkout.sessions.retrieve(made.id, { expand: ["line_items"] });
  assert.equal(read.line_items.data[0].amount_total, 14900);
  const items = await stripe.checkout.sessions.listLineItems(made.id);
  assert.equal(items.data.length, 1);
  const expired = await stripe.checkout.sessions.expire(made.id);
  assert.equal(expired.status, "expired");
  assert.ok(expired.after_expiration.recovery.url);
  const again = await rejection(stripe.checkout.sessions.expire(made.id));
  assert.ok(again instanceof Stripe.errors.StripeInvalidRequestError, again.type);
  const open = await stripe.checkout.sessions.list({ status: "open", limit: 100 });
  assert.ok(open.data.every((one) => one.status === "open"));
});

test("a refund is made in part, then no further than what is left", async () => {
  const { charge, payment_intent: intent } = await order({ outcome: "paid" });
  const part = await stripe.refunds.create({ charge, amount: 4900, reason: "duplicate" });
  assert.equal(part.status, "succeeded");
  const rest = await stripe.refunds.create({ payment_intent: intent });
  assert.equal(rest.amount, 10000);
  const refused = await rejection(stripe.refunds.create({ charge }));
  assert.equal(refused.code, "charge_already_refunded");
  assert.equal((await stripe.charges.retrieve(charge)).refunded, true);
});

test("an idempotency key is replayed, and refused for other parameters", async () => {
  const idempotencyKey = `node-${process.pid}-${Math.random()}`;
  const first = await stripe.customers.create({ email: "once@example.com" }, { idempotencyKey });
  const second = await stripe.customers.create({ email: "once@example.com" }, { idempotencyKey });
  assert.equal(first.id, second.id);
  assert.equal(second.lastResponse.headers["idempotent-replayed"], "true");
  const other = await rejection(stripe.customers.create({ email: "other@example.com" }, { idempotencyKey }));
  assert.ok(other instanceof Stripe.errors.StripeIdempotencyError, other.type);
});

test("customers are found by e-mail, updated and deleted", async () => {
  const made = await stripe.customers.create({ email: "gone@example.com", metadata: { a: "1" } });
  const updated = await stripe.customers.update(made.id, { name: "Aelith", metadata: { a: "", b: "2" } });
  assert.deepEqual(updated.metadata, { b: "2" });
  const found = await stripe.customers.list({ email: "gone@example.com" });
  assert.deepEqual(found.data.map((one) => one.id), [made.id]);
  await stripe.customers.del(made.id);
  assert.equal((await stripe.customers.retrieve(made.id)).deleted, true);
});

test("errors have the right classes", async () => {
  const { errors } = Stripe;
  const wrong = await rejection(client("sk_test_nobodyknowsthiskey").events.list());
  assert.ok(wrong instanceof errors.StripeAuthenticationError, wrong.type);
  const publishable = await rejection(client("pk_test_public").events.list());
  assert.equal(publishable.code, "secret_key_required");
  const denied = await rejection(client(RESTRICTED_KEY).checkout.sessions.list());
  assert.ok(denied instanceof errors.StripePermissionError, denied.type);
  assert.match(denied.message, /'rak_checkout_session_read'/);
  const missing = await rejection(stripe.charges.retrieve("ch_none"));
  assert.ok(missing instanceof errors.StripeInvalidRequestError && missing.code === "resource_missing");
  const unknown = await rejection(stripe.charges.list({ colour: "red" }));
  assert.equal(unknown.code, "parameter_unknown");
});

test("trouble on the way has the right classes", async () => {
  const { errors } = Stripe;
  try {
    await desk("faults", { rate_limit_rate: 1 });
    const limited = await rejection(stripe.events.list());
    assert.ok(limited instanceof errors.StripeRateLimitError, limited.type);
    assert.ok(limited.headers["stripe-rate-limited-reason"]);
    await desk("faults", { error_5xx_rate: 1 });
    const failed = await rejection(stripe.events.list());
    assert.ok(failed instanceof errors.StripeAPIError, failed.type);
    await desk("faults", { drop_after_effect_rate: 1 });
    const dropped = await rejection(stripe.customers.create({ email: "dropped@example.com" }));
    assert.ok(dropped instanceof errors.StripeConnectionError, dropped.type);
  } finally {
    await desk("faults", {});
  }
  assert.equal((await stripe.customers.list({ email: "dropped@example.com" })).data.length, 1);
});

test("the client's own retry makes a dropped write happen once", async () => {
  const patient = new Stripe(FULL_KEY, {
    host: base.hostname, port: Number(base.port), protocol: "http", maxNetworkRetries: 2, telemetry: false,
  });
  try {
    await desk("faults", { drop_after_effect_rate: 1, at_most: 1 });
    const made = await patient.customers.create({ email: "retried@example.com" });
    const found = await patient.customers.list({ email: "retried@example.com" });
    assert.deepEqual(found.data.map((one) => one.id), [made.id]);
  } finally {
    await desk("faults", {});
  }
});

test("the catalogue, the account, disputes and endpoints are there", async () => {
  assert.equal((await stripe.accounts.retrieveCurrent?.() ?? await stripe.accounts.retrieve()).object, "account");
  const [product] = (await stripe.products.list()).data;
  const prices = await stripe.prices.list({ product: product.id, lookup_keys: ["preorder_eur"] });
  assert.equal(prices.data[0].unit_amount, 14900);
  const { dispute } = await order({ outcome: "disputed" });
  assert.equal((await stripe.disputes.close(dispute)).status, "lost");
  const endpoint = await stripe.webhookEndpoints.create({ url: "https://a.example.com", enabled_events: ["*"] });
  assert.match(endpoint.secret, /^whsec_/);
  await order({ outcome: "open" });
  await stripe.customers.create({ email: "hook@example.com" });
  const undelivered = await stripe.events.list({ delivery_success: false });
  assert.equal(undelivered.data[0].pending_webhooks, 1);
  await desk("advance", { seconds: 10 });
  assert.equal((await stripe.events.list({ delivery_success: false })).data.length, 0);
});
