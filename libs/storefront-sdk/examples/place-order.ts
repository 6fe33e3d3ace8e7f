/**
 * Places an order, and follows it through the loss of a region. With a system running (`npx evenkeel up --sample`):
 *
 *   EVENKEEL_TOKEN=$(npx evenkeel token --customer alice) node --conditions=source libs/storefront-sdk/examples/place-order.ts alice
 *
 * Kill the customer's region meanwhile, and it says which one answered instead.
 */
import { createStorefront, valueOf } from '#storefront-sdk';

const customer = process.argv[2] ?? 'alice';
const east = process.env['EVENKEEL_EAST'] ?? 'http://127.0.0.2:8080';
const west = process.env['EVENKEEL_WEST'] ?? 'http://127.0.0.3:8080';

const shop = createStorefront({
  endpoints: [
    { region: 'east', url: east },
    { region: 'west', url: west },
  ],
  homes: ['east', 'west'],
  customer,
  token: () => process.env['EVENKEEL_TOKEN'],
  hedgeAfterMs: 1_000,
});

for await (const { sku, name, unitPriceMinor, currency } of shop.listProducts()) {
  const { total } = valueOf(await shop.getAvailability(sku));
  console.log(`${sku}  ${name}  ${(unitPriceMinor / 100).toFixed(2)} ${currency}  ${total.available} left`);
}

const result = await shop.placeOrder({ lines: [{ sku: 'TEA-ASSAM', quantity: 1 }] }, { waitMs: 10_000 });
switch (result.kind) {
  case 'done':
    console.log(
      `order ${result.value.orderId} is ${result.value.status}: ${result.region}, ${result.tries} tries, ${Math.round(result.tookMs)} ms`,
    );
    break;
  case 'refused':
    console.log(`no: ${result.problem.code}, ${result.problem.detail ?? result.problem.title}`);
    break;
  case 'unavailable':
    console.log(`nothing was ordered: ${result.reason}`);
    break;
  case 'unknown':
    // Neither yes nor no. The key makes asking again right, now or after a restart that kept `result.intent`.
    console.log(`nobody knows yet (${result.reason}); asking again under ${result.key}`);
    console.log((await shop.resume(result.intent, { deadlineMs: 60_000 })).kind);
}

for await (const order of shop.listOrders({ limit: 10 })) console.log(`${order.placedAt}  ${order.orderId}  ${order.status}`);
shop.close();
