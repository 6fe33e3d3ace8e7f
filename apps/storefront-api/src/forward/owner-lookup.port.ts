import type { Region, Service } from '#contracts';

export const OWNER_LOOKUP = Symbol('OwnerLookup');

/** Which region's services to ask first. A wrong guess costs one more hop: the asked service names the owner (421). */
export interface OwnerLookup {
  ownerOf(service: Service, home: Region): Region;
}

/** True until a takeover: after one, the service that is asked tells better. */
export const homeIsOwner: OwnerLookup = { ownerOf: (_service, home) => home };
