import type { RetailRow } from './retail-csv.ts';

export interface ExpectedOrder {
  readonly customer: string;
  lines: number;
  units: number;
  totalPence: number;
  returnedUnits: number;
  refundedPence: number;
}

/** What must stand in both regions after the replay, in the file's own terms. */
export interface Expectation {
  /** By document number. */
  readonly orders: ReadonlyMap<string, ExpectedOrder>;
  /** By `c<id>` or `guest:<documentNo>`; customers of replayed orders only. */
  readonly capturedPence: ReadonlyMap<string, number>;
  readonly refundedPence: ReadonlyMap<string, number>;
  /** Sold and not returned, by stock code. */
  readonly netUnits: ReadonlyMap<string, number>;
  /** In both pools together, by stock code; for all goods of the file. */
  readonly onHand: ReadonlyMap<string, number>;
}

type Row = Pick<RetailRow, 'documentNo' | 'stockCode' | 'quantity' | 'unitPricePence' | 'customer'>;

/**
 * An independent pass over the file: line by line, sums only, no documents, no plan. It shares nothing with `plan.ts` but the rules
 * that both were written from, so that a mistake in one shows as a difference.
 */
export async function expectationOf(rows: AsyncIterable<Row> | Iterable<Row>, documentsMax: number = Infinity): Promise<Expectation> {
  const replayed = new Set<string>();
  const sums = new Sums();
  for await (const row of rows) {
    if (replayed.size < documentsMax) replayed.add(row.documentNo);
    const counts = replayed.has(row.documentNo);
    const kind = row.documentNo.charAt(0);
    const isGoods = /^(\d{5}|DCGS|gift_|PADS)/.test(row.stockCode);
    const isSale = kind !== 'C' && kind !== 'A' && row.quantity > 0 && row.unitPricePence > 0;
    if (isSale && isGoods) sums.sell(row, counts);
    if (isSale && !isGoods && counts) sums.charge(row);
    if (kind !== 'C' && isGoods && row.quantity < 0) sums.writeOff(row, counts);
    if (kind === 'C' && isGoods && row.quantity < 0 && counts) sums.giveBack(row);
  }
  return sums.result();
}

const plus = (sums: Map<string, number>, key: string, amount: number): unknown => sums.set(key, (sums.get(key) ?? 0) + amount);
const buyerOf = (row: Row): string => (row.customer === undefined ? `guest:${row.documentNo}` : `c${row.customer}`);

/** Stock for the whole file is received first; so a line that is not replayed leaves its units on hand. */
class Sums {
  readonly #orders = new Map<string, ExpectedOrder>();
  readonly #charges = new Map<string, number>();
  readonly #netUnits = new Map<string, number>();
  readonly #onHand = new Map<string, number>();
  /** What each buyer holds of each code, newest last. */
  readonly #held = new Map<string, { order: ExpectedOrder; left: number; pence: number }[]>();

  sell(row: Row, counts: boolean): void {
    plus(this.#onHand, row.stockCode, counts ? 0 : row.quantity);
    if (!counts) return;
    const none = { lines: 0, units: 0, totalPence: 0, returnedUnits: 0, refundedPence: 0 };
    const order = this.#orders.get(row.documentNo) ?? { customer: buyerOf(row), ...none };
    this.#orders.set(row.documentNo, order);
    order.lines += 1;
    order.units += row.quantity;
    order.totalPence += row.quantity * row.unitPricePence;
    plus(this.#netUnits, row.stockCode, row.quantity);
    this.#stack(row).push({ order, left: row.quantity, pence: row.unitPricePence });
  }

  charge(row: Row): void {
    plus(this.#charges, row.documentNo, row.quantity * row.unitPricePence);
  }

  writeOff(row: Row, counts: boolean): void {
    plus(this.#onHand, row.stockCode, counts ? 0 : -row.quantity);
  }

  giveBack(row: Row): void {
    const stack = this.#stack(row);
    for (let units = -row.quantity; units > 0; units--) {
      const newest = stack.at(-1);
      if (newest === undefined) return; // nobody bought it: impossible, counted by the plan
      newest.left -= 1;
      newest.order.returnedUnits += 1;
      newest.order.refundedPence += newest.pence;
      plus(this.#netUnits, row.stockCode, -1);
      plus(this.#onHand, row.stockCode, 1);
      if (newest.left === 0) stack.pop();
    }
  }

  result(): Expectation {
    const [capturedPence, refundedPence] = [new Map<string, number>(), new Map<string, number>()];
    for (const [documentNo, order] of this.#orders) {
      order.totalPence += this.#charges.get(documentNo) ?? 0; // charges without goods make no order
      plus(capturedPence, order.customer, order.totalPence);
      plus(refundedPence, order.customer, order.refundedPence);
    }
    return { orders: this.#orders, capturedPence, refundedPence, netUnits: this.#netUnits, onHand: this.#onHand };
  }

  #stack(row: Row): { order: ExpectedOrder; left: number; pence: number }[] {
    const key = `${buyerOf(row)} ${row.stockCode}`;
    const stack = this.#held.get(key) ?? [];
    this.#held.set(key, stack);
    return stack;
  }
}
