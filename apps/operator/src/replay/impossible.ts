import type { RetailRow } from './retail-csv.ts';

/** Why a line of the file can be neither an order line, a surcharge, a return nor a write-off. */
export const impossibleReasons = {
  'price-of-0': 'goods or charges of an invoice at a price of 0',
  'negative-price': 'a price below 0',
  'quantity-of-0': 'a quantity of 0',
  'bad-debt': 'a correction of a debt (document number begins with A)',
  'charges-without-goods': 'charges of an invoice without any goods: there is no order to put them on',
  'cancelled-charge': 'a charge or discount on a cancellation: only goods are returned',
  'return-by-a-guest': 'a return by nobody: no customer, so no purchase to match',
  'return-without-purchase': 'a return, or the rest of one, that no earlier purchase by the customer covers',
  'charge-written-off': 'a write-off of a charge, which has no stock',
  'positive-cancellation': 'a cancellation of a positive quantity',
} as const;
export type ImpossibleReason = keyof typeof impossibleReasons;

export interface ImpossibleCount {
  readonly documents: number;
  readonly lines: number;
  /** Sum of the units that could not be placed, returned or written off, sign dropped. */
  readonly units: number;
}

/** Counts what is impossible, so that nothing is dropped silently. */
export class ImpossibleTally {
  readonly #documents = new Map<ImpossibleReason, Set<string>>();
  readonly #counts = new Map<ImpossibleReason, { lines: number; units: number }>();

  add(reason: ImpossibleReason, row: RetailRow, units: number = Math.abs(row.quantity)): void {
    const documents = this.#documents.get(reason) ?? new Set();
    this.#documents.set(reason, documents.add(row.documentNo));
    const counts = this.#counts.get(reason) ?? { lines: 0, units: 0 };
    this.#counts.set(reason, { lines: counts.lines + 1, units: counts.units + units });
  }

  counts(): Readonly<Partial<Record<ImpossibleReason, ImpossibleCount>>> {
    return Object.fromEntries(
      Array.from(this.#counts, ([reason, counts]) => [reason, { documents: this.#documents.get(reason)?.size ?? 0, ...counts }]),
    );
  }
}
