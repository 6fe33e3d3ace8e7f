import { setTimeout as sleep } from 'node:timers/promises';
import type { Region } from '#contracts';
import { EtcdClient, type EtcdOptions } from './etcd.client.ts';

export interface AgentLeaseOptions extends EtcdOptions {
  readonly region: Region;
  /** Whole seconds after which etcd forgets an agent that is silent. */
  readonly ttlSeconds: number;
  /** Tells every change: `true` when the lease holds. */
  onHeld(held: boolean, reason?: string): void;
}

const keyOf = (region: Region): string => `/evenkeel/agents/${region}`;

/**
 * A key in etcd that stands for as long as this region's agent renews it. It detects that a region has gone, fast; nothing that
 * must be safe depends on it: a paused agent may believe that it holds a lease that has run out.
 */
export class AgentLease {
  readonly #options: AgentLeaseOptions;
  readonly #client: EtcdClient;
  readonly #stop = new AbortController();
  #leaseId: string | undefined;
  #held = false;
  #running: Promise<void> | undefined;

  constructor(options: AgentLeaseOptions) {
    this.#options = options;
    this.#client = new EtcdClient(options);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Gives the lease back, so that the other region need not wait until it has run out. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    // When etcd does not answer the lease runs out by itself.
    if (this.#leaseId !== undefined) await this.#client.revokeLease(this.#leaseId).catch(() => {});
    this.#client.close();
  }

  /** Whether a region's agent holds its lease now. @throws EtcdUnknownError */
  async isHeldBy(region: Region): Promise<boolean> {
    return (await this.#client.get(keyOf(region))).entry !== undefined;
  }

  async #run(): Promise<void> {
    const { ttlSeconds } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#renew().then(
        () => this.#tell(true),
        (error: Error) => this.#tell(false, error.message),
      );
      await sleep((ttlSeconds * 1000) / 3, undefined, { signal: this.#stop.signal }).catch(() => {}); // ends early when closed
    }
  }

  async #renew(): Promise<void> {
    if (this.#leaseId !== undefined && (await this.#client.keepLeaseAlive(this.#leaseId)) > 0) return;
    this.#leaseId = await this.#client.grantLease(this.#options.ttlSeconds);
    await this.#client.put(keyOf(this.#options.region), new Date().toISOString(), this.#leaseId);
  }

  #tell(held: boolean, reason?: string): void {
    if (held === this.#held) return;
    this.#held = held;
    if (reason === undefined) this.#options.onHeld(held);
    else this.#options.onHeld(held, reason);
  }
}
