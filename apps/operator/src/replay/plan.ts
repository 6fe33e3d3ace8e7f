import { customerId, homeOf, sku, type CustomerId, type Homes, type Region, type Sku, type Surcharge } from '#contracts';
import { isCharge } from './charges.ts';
import type { RetailDocument } from './documents.ts';
import { ImpossibleTally, type ImpossibleCount, type ImpossibleReason } from './impossible.ts';
import { PurchaseBook } from './purchase-book.ts';
import type { RetailRow } from './retail-csv.ts';

export interface PlannedProduct {
  readonly sku: Sku;
  readonly name: string;
  readonly unitPriceMinor: number;
}
export interface PlannedReceipt {
  readonly region: Region;
  readonly sku: Sku;
  readonly quantity: number;
}
export interface PlannedOrderLine {
  readonly sku: Sku;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}
export interface PlannedOrder {
  readonly kind: 'order';
  readonly documentNo: string;
  readonly customerId: CustomerId;
  readonly lines: readonly PlannedOrderLine[];
  readonly surcharges: readonly Surcharge[];
}
/** A part of a cancellation: what goes back to one order. */
export interface PlannedReturn {
  readonly kind: 'return';
  readonly documentNo: string;
  readonly customerId: CustomerId;
  readonly orderDocumentNo: string;
  readonly lines: readonly { readonly lineNumber: number; readonly quantity: number }[];
}
export interface PlannedWriteOff {
  readonly kind: 'write-off';
  readonly documentNo: string;
  /** From 1, within its document. */
  readonly number: number;
  readonly customerId: CustomerId;
  readonly region: Region;
  readonly sku: Sku;
  readonly quantity: number;
}
export type PlannedAction = PlannedOrder | PlannedReturn | PlannedWriteOff;

export interface PlannedDocument {
  readonly documentNo: string;
  /** Documents of one customer are replayed one after the other, in this order. */
  readonly customerId: CustomerId;
  readonly actions: readonly PlannedAction[];
}

export interface ReplayPlan {
  /** Of the whole file, whatever part of it is replayed: so a later, longer run imports and receives the same. */
  readonly products: readonly PlannedProduct[];
  /** What all orders and write-offs of the whole file need, returns not counted: so nothing ever waits for stock. */
  readonly receipts: readonly PlannedReceipt[];
  readonly documents: readonly PlannedDocument[];
  /** Of the replayed documents only. */
  readonly impossible: Readonly<Partial<Record<ImpossibleReason, ImpossibleCount>>>;
}

export interface PlanOptions {
  readonly topology: Pick<Homes, 'homes'>;
  /** The first so many documents are replayed; all when absent. */
  readonly documentsMax?: number | undefined;
}

export const currencyOfFile = 'GBP';
export const customerOf = (document: RetailDocument): CustomerId =>
  customerId(document.customer === undefined ? `guest:${document.documentNo}` : `c${document.customer}`);

/** Turns the file's documents into what is asked of the public API. Pure. */
export function planReplay(documents: readonly RetailDocument[], options: PlanOptions): ReplayPlan {
  const planner = new Planner(options.topology);
  const until = options.documentsMax ?? documents.length;
  const planned = documents.map((document, i) => planner.plan(document, i < until));
  return {
    products: planner.products(),
    receipts: planner.receipts(),
    documents: planned.slice(0, until),
    impossible: planner.tally.counts(),
  };
}

class Planner {
  readonly tally = new ImpossibleTally();
  readonly #topology: Pick<Homes, 'homes'>;
  readonly #purchases = new PurchaseBook();
  readonly #products = new Map<Sku, { name: string | undefined; unitPriceMinor: number | undefined }>();
  readonly #needed = new Map<Region, Map<Sku, number>>();
  #counting = true;

  constructor(topology: Pick<Homes, 'homes'>) {
    this.#topology = topology;
  }

  plan(document: RetailDocument, replayed: boolean): PlannedDocument {
    this.#counting = replayed;
    const { documentNo } = document;
    return { documentNo, customerId: customerOf(document), actions: this.#actionsOf(document) };
  }

  products(): readonly PlannedProduct[] {
    return Array.from(this.#products, ([sku, { name, unitPriceMinor }]) => ({
      sku,
      name: name ?? sku,
      unitPriceMinor: unitPriceMinor ?? 0,
    }));
  }

  receipts(): readonly PlannedReceipt[] {
    return Array.from(this.#needed, ([region, skus]) => Array.from(skus, ([sku, quantity]) => ({ region, sku, quantity }))).flat();
  }

  #actionsOf(document: RetailDocument): readonly PlannedAction[] {
    if (document.documentNo.startsWith('A')) {
      for (const row of document.rows) this.#impossible('bad-debt', row);
      return [];
    }
    if (document.documentNo.startsWith('C')) return this.#returnsOf(document);
    return [...this.#orderOf(document), ...this.#writeOffsOf(document)];
  }

  #orderOf(document: RetailDocument): readonly PlannedOrder[] {
    const sold = document.rows.filter((row) => row.quantity >= 0 && this.#isSold(row));
    const goods = sold.filter((row) => !isCharge(row.stockCode));
    const charges = sold.filter((row) => isCharge(row.stockCode));
    if (goods.length === 0) {
      for (const row of charges) this.#impossible('charges-without-goods', row);
      return [];
    }
    const customer = customerOf(document);
    const lines = goods.map((row, i) => {
      this.#list(row);
      this.#need(homeOf(this.#topology, customer), sku(row.stockCode), row.quantity);
      this.#purchases.bought({ customer, stockCode: row.stockCode, documentNo: row.documentNo, lineNumber: i + 1, quantity: row.quantity });
      return { sku: sku(row.stockCode), quantity: row.quantity, unitPriceMinor: row.unitPricePence };
    });
    return [{ kind: 'order', documentNo: document.documentNo, customerId: customer, lines, surcharges: charges.map(surchargeOf) }];
  }

  #isSold(row: RetailRow): boolean {
    if (row.quantity > 0 && row.unitPricePence > 0) return true;
    this.#impossible(row.quantity === 0 ? 'quantity-of-0' : row.unitPricePence < 0 ? 'negative-price' : 'price-of-0', row);
    return false;
  }

  #writeOffsOf(document: RetailDocument): readonly PlannedWriteOff[] {
    const customer = customerOf(document);
    const region = homeOf(this.#topology, customer);
    const gone = document.rows.filter((row) => row.quantity < 0);
    for (const row of gone) if (isCharge(row.stockCode)) this.#impossible('charge-written-off', row);
    return gone
      .filter((row) => !isCharge(row.stockCode))
      .map((row, i) => {
        this.#list(row);
        const quantity = -row.quantity;
        this.#need(region, sku(row.stockCode), quantity);
        return {
          kind: 'write-off',
          documentNo: row.documentNo,
          number: i + 1,
          customerId: customer,
          region,
          sku: sku(row.stockCode),
          quantity,
        };
      });
  }

  #returnsOf(document: RetailDocument): readonly PlannedReturn[] {
    const customer = customerOf(document);
    const returned = new Map<string, Map<number, number>>();
    for (const row of document.rows) {
      const reason = whyNoReturn(row);
      if (reason !== undefined) {
        this.#impossible(reason, row);
        continue;
      }
      const { taken, missing } = this.#purchases.takeBack(customer, row.stockCode, -row.quantity);
      if (missing > 0) this.#impossible('return-without-purchase', row, missing);
      for (const { documentNo, lineNumber, quantity } of taken) {
        const lines = returned.get(documentNo) ?? new Map<number, number>();
        returned.set(documentNo, lines.set(lineNumber, (lines.get(lineNumber) ?? 0) + quantity));
      }
    }
    return Array.from(returned, ([orderDocumentNo, lines]) => ({
      kind: 'return',
      documentNo: document.documentNo,
      customerId: customer,
      orderDocumentNo,
      lines: Array.from(lines, ([lineNumber, quantity]) => ({ lineNumber, quantity })),
    }));
  }

  /** The first name and the first price that the file gives a sku are the catalogue's; orders state the price of their own line. */
  #list(row: RetailRow): void {
    const known = this.#products.get(sku(row.stockCode));
    const name = known?.name ?? (row.description.trim() === '' ? undefined : row.description.trim());
    const price = known?.unitPriceMinor ?? (row.unitPricePence > 0 ? row.unitPricePence : undefined);
    this.#products.set(sku(row.stockCode), { name, unitPriceMinor: price });
  }

  #need(region: Region, sku: Sku, quantity: number): void {
    const needed = this.#needed.get(region) ?? new Map<Sku, number>();
    this.#needed.set(region, needed.set(sku, (needed.get(sku) ?? 0) + quantity));
  }

  #impossible(reason: ImpossibleReason, row: RetailRow, units?: number): void {
    if (this.#counting) this.tally.add(reason, row, units);
  }
}

function whyNoReturn(row: RetailRow): ImpossibleReason | undefined {
  if (row.quantity === 0) return 'quantity-of-0';
  if (row.quantity > 0) return 'positive-cancellation';
  if (row.unitPricePence < 0) return 'negative-price';
  if (isCharge(row.stockCode)) return 'cancelled-charge';
  return row.customer === undefined ? 'return-by-a-guest' : undefined;
}

const surchargeOf = (row: RetailRow): Surcharge => ({
  code: row.stockCode,
  description: row.description.slice(0, 200),
  amountMinor: row.quantity * row.unitPricePence,
});
