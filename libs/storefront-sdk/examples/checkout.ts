/** The script of `checkout.html`. */
import { createStorefront, storedIntents, type TextStorage, type WriteResult } from '#storefront-sdk';

interface Page {
  readonly localStorage: TextStorage;
  readonly location: { readonly search: string };
  readonly document: { querySelector(what: string): { textContent: string; addEventListener(on: 'click', act: () => unknown): void } };
}
const { localStorage, location, document } = globalThis as unknown as Page;

const query = new URLSearchParams(location.search);
const shop = createStorefront({
  endpoints: [
    { region: 'east', url: query.get('east') ?? 'http://127.0.0.2:8080' },
    { region: 'west', url: query.get('west') ?? 'http://127.0.0.3:8080' },
  ],
  homes: ['east', 'west'],
  customer: query.get('customer') ?? 'alice',
  token: () => query.get('token') ?? undefined,
  intents: storedIntents(localStorage),
});

const tell = (result: WriteResult<{ readonly orderId: string }>): void => {
  const words = {
    done: () => (result.kind === 'done' ? `Ordered: ${result.value.orderId}` : ''),
    refused: () => (result.kind === 'refused' ? `Not ordered: ${result.problem.title}` : ''),
    unavailable: () => 'Not ordered: the shop is out of reach. Try again.',
    unknown: () => 'We do not know yet whether your order came through. Reload, or click again: it will be one order.',
  };
  document.querySelector('#said').textContent = words[result.kind]();
};

const buy = async (): Promise<void> => tell(await shop.placeOrder({ lines: [{ sku: 'TEA-ASSAM', quantity: 1 }] }, { waitMs: 5_000 }));
document.querySelector('#buy').addEventListener('click', buy);

// What an earlier visit began and never learned the end of.
for (const intent of await shop.unfinished()) tell(await shop.resume(intent));
