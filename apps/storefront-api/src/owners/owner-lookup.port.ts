import type { Lineage, Region, Service } from '#contracts';

export const OWNER_LOOKUP = Symbol('OwnerLookup');

/** Which region decides what is written. A wrong guess costs one more hop: the asked service names the owner (421). */
export interface OwnerLookup {
  /** `key` decides the shard (order id, sku); without it, the region that owns most of the home's shards. */
  ownerOf(service: Service, home: Region, key: string | undefined): Region;
  /** As it was last read here; undefined before the first. */
  readonly lineage: Lineage | undefined;
  /** Calls back when owners may have changed. Returns how to stop it. */
  onChanged(listener: () => void): () => void;
}

/** True until the first takeover: after one, the service that is asked tells better. */
export const homeIsOwner: OwnerLookup = { ownerOf: (_service, home) => home, lineage: undefined, onChanged: () => () => undefined };
