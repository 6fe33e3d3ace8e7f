import type { Region } from '#contracts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Listening {
  /** Unique: how the link is called in status and errors. */
  readonly name: string;
  /** The region of the target. */
  readonly to: Region;
  readonly listen: Address;
  readonly target: Address;
}

export type LinkSpec =
  | (Listening & { readonly kind: 'tcp'; /** The region that dials. */ readonly from: Region })
  | (Listening & {
      readonly kind: 'etcd-peer';
      /** The other members' regions by member id (`etcdMemberId`): they all dial this one address. */
      readonly dialers: ReadonlyMap<string, Region>;
      /** Regions of the running members by process id, for requests that do not name their member (Linux). */
      readonly dialerPids?: () => ReadonlyMap<number, Region>;
    });
