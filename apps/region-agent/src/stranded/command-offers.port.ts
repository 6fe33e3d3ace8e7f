import type { CommandEnvelope, InternalCommandAnswer, ListedProduct, Region, Sku } from '#contracts';

export type OfferAnswer =
  /** Decided, and what it was decided on is settled: it need not be offered again. */
  | ({ readonly kind: 'decided' } & InternalCommandAnswer)
  /** The request itself is refused: it will be refused again. */
  | { readonly kind: 'never'; readonly because: string }
  /** Nothing is known, or nothing has happened. `answered`: the owner did say something, so it is not merely away. */
  | { readonly kind: 'again'; readonly because: string; readonly answered: boolean };

/** How a command reaches the region that decides it now. */
export interface CommandOffers {
  /** Never throws; bounded in time. */
  offer(owner: Region, envelope: CommandEnvelope): Promise<OfferAnswer>;
}

/** How products are listed, as this region's inventory-service knows them now. */
export interface ProductLookup {
  /** Skus that are not listed are left out. @throws when nobody answers in time */
  listed(skus: readonly Sku[]): Promise<ReadonlyMap<Sku, ListedProduct>>;
}
