import type { Sku } from '#contracts';

export const CATALOGUE = Symbol('Catalogue');

export interface CataloguePrice {
  readonly name: string;
  readonly unitPriceMinor: number;
  readonly currency: string;
}

/** What is sold, and for how much. */
export interface Catalogue {
  /**
   * Prices of those skus that are in the catalogue; an unknown one is absent. May be a few seconds old.
   * @throws ProblemError `unavailable` when nobody can be asked
   */
  pricesOf(skus: readonly Sku[]): Promise<ReadonlyMap<Sku, CataloguePrice>>;
}
