import type { CustomerId } from '#contracts';

export interface Purchase {
  readonly customer: CustomerId;
  readonly stockCode: string;
  readonly documentNo: string;
  readonly lineNumber: number;
  readonly quantity: number;
}
export type TakenBack = Pick<Purchase, 'documentNo' | 'lineNumber' | 'quantity'>;

/** Which units of which order line each customer still holds: a return takes from the newest purchase of that sku first. */
export class PurchaseBook {
  readonly #held = new Map<string, (Omit<Purchase, 'quantity'> & { left: number })[]>();

  bought({ quantity, ...purchase }: Purchase): void {
    const key = keyOf(purchase.customer, purchase.stockCode);
    const held = this.#held.get(key);
    if (held === undefined) this.#held.set(key, [{ ...purchase, left: quantity }]);
    else held.push({ ...purchase, left: quantity });
  }

  /** `missing`: units that no purchase covers. */
  takeBack(customer: CustomerId, stockCode: string, quantity: number): { readonly taken: readonly TakenBack[]; readonly missing: number } {
    const held = this.#held.get(keyOf(customer, stockCode)) ?? [];
    const taken: TakenBack[] = [];
    let missing = quantity;
    for (let purchase = held.at(-1); purchase !== undefined && missing > 0; purchase = held.at(-1)) {
      const { documentNo, lineNumber } = purchase;
      const units = Math.min(missing, purchase.left);
      taken.push({ documentNo, lineNumber, quantity: units });
      purchase.left -= units;
      missing -= units;
      if (purchase.left === 0) held.pop();
    }
    return { taken, missing };
  }
}

const keyOf = (customer: CustomerId, stockCode: string): string => `${customer}\0${stockCode}`;
