import type { Region } from '#contracts';
import { EtcdClient } from './etcd.client.ts';

export interface EtcdLeadershipOptions {
  /** Client URL of the member that stands in this region. */
  readonly ownMember: string;
  /** Names of all regions. A member of another name, the witness, stands in none. */
  readonly regions: readonly Region[];
  readonly deadlineMs: number;
}

/**
 * Keeps etcd's leader out of the regions, so that losing one of them needs no election.
 *
 * With its leader etcd loses the clock of its leases: who is elected (after 0.5 to 1 s) grants each its full time anew, and an election's time on
 * top (`lessor.Promote`). The death of a region whose member led was noticed up to 2 s later than that of the other one.
 */
export class EtcdLeadership {
  readonly #client: EtcdClient;
  readonly #regions: ReadonlySet<string>;

  constructor({ ownMember, regions, deadlineMs }: EtcdLeadershipOptions) {
    this.#client = new EtcdClient({ endpoints: [ownMember], deadlineMs });
    this.#regions = new Set(regions);
  }

  /** Member id of the witness that should lead instead, if this region's member leads. @throws EtcdUnknownError */
  async witnessInstead(): Promise<string | undefined> {
    const { memberId, leaderId } = await this.#client.memberStatus();
    if (memberId !== leaderId) return undefined;
    // In a cluster of regions only, any of them may lead.
    return (await this.#client.members()).find(({ name }) => name !== '' && !this.#regions.has(name))?.memberId;
  }

  /** Hands the lead over. @throws EtcdUnknownError when it may not have worked */
  async leaveTo(witnessId: string): Promise<void> {
    await this.#client.transferLeadership(witnessId);
  }

  close(): void {
    this.#client.close();
  }
}
