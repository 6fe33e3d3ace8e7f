import type { Checker } from './checker.ts';
import type { Findings, Read } from './findings.ts';
import { orderText, paymentText, poolName, poolText, reservationText } from './texts.ts';

/** `textsOf`: each thing by its name, in a text that says all of it. */
function equalEverywhere<T>(reads: readonly Read<T>[], textsOf: (value: T) => ReadonlyMap<string, string>, findings: Findings): void {
  const [first, ...others] = reads.map(({ region, value }) => ({ region, texts: textsOf(value) }));
  if (first === undefined) return; // found unreadable
  for (const { region, texts } of others)
    for (const name of new Set([...first.texts.keys(), ...texts.keys()])) {
      const [here, there] = [first.texts.get(name) ?? 'absent', texts.get(name) ?? 'absent'];
      findings.expect(here === there, () => ({ where: region, what: `${name} is ${there} there, and ${here} in ${first.region}` }));
    }
}

const named = <T>(items: readonly T[], nameOf: (item: T) => string, textOf: (item: T) => string): ReadonlyMap<string, string> =>
  new Map(items.map((item) => [nameOf(item), textOf(item)]));

export const ordersAreEqual: Checker = {
  name: 'orders-are-equal',
  promise: 'Every order, also one whose answer is unknown, is the same in every region',
  judge: ({ final }, findings) => {
    const orders = findings.ofEachRegion(final, 'orders');
    equalEverywhere(orders, (all) => named(all, ({ orderId }) => `order ${orderId}`, orderText), findings);
    const shown = final.regions.flatMap(({ region, shown: api }) => (api === undefined ? [] : [{ region, value: api.orders }]));
    const textsOf = (all: (typeof shown)[number]['value']): ReadonlyMap<string, string> =>
      new Map(
        Array.from(all, ([orderId, read]) => {
          if (read.kind === 'unreadable') return [`order ${orderId}`, 'unreadable'];
          return [`order ${orderId}`, read.value === 'absent' ? 'absent' : read.value.text];
        }),
      );
    equalEverywhere(shown, textsOf, findings);
  },
};

export const stockIsEqual: Checker = {
  name: 'stock-is-equal',
  promise: 'Every pool and every reservation is the same in every region',
  judge: ({ final }, findings) => {
    equalEverywhere(findings.ofEachRegion(final, 'pools'), (all) => named(all, poolName, poolText), findings);
    const reservations = findings.ofEachRegion(final, 'reservations');
    const nameOf = ({ orderId, shard }: (typeof reservations)[number]['value'][number]): string =>
      `the reservation of ${orderId} in ${shard}`;
    equalEverywhere(reservations, (all) => named(all, nameOf, reservationText), findings);
  },
};

export const paymentsAreEqual: Checker = {
  name: 'payments-are-equal',
  promise: 'Every payment is the same in every region',
  judge: ({ final }, findings) => {
    const payments = findings.ofEachRegion(final, 'payments');
    equalEverywhere(payments, (all) => named(all, ({ orderId }) => `the payment of ${orderId}`, paymentText), findings);
  },
};

export const projectionsAreEqual: Checker = {
  name: 'projections-are-equal',
  promise: 'Every projection has equal checksums in all regions',
  judge: ({ final }, findings) => {
    const sums = findings.ofEachRegion(final, 'checksums');
    for (const { region, value } of sums) findings.expect(value.size > 0, () => ({ where: region, what: 'no projector answered' }));
    equalEverywhere(sums, (all) => all, findings);
  },
};
