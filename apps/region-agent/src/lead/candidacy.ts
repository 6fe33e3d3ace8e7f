import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Region } from '#contracts';
import type { AgentRegistry, AgentSession, AgentSignal, RegionState } from '#regions';
import { repeat, type Repeating } from '../repeat.ts';

export interface CandidacyOptions {
  readonly registry: AgentRegistry;
  readonly region: Region;
  readonly instance: number;
  readonly ttlSeconds: number;
  readonly log: Logger;
  /** Why this instance should not stand for its region now, or undefined. */
  readonly unfitBecause: () => string | undefined;
  /** A new session, or none any more: what stands in etcd has changed. */
  readonly onChange: () => void;
}

/** `leads`: etcd said so. `led`: it led when etcd last spoke, and has heard of no other leader since. */
export type Standing = 'standby' | 'leads' | 'led';

/**
 * An instance's lease, and whether it leads its region. One that led and lost etcd goes on until it sees another leader: receipts by
 * two are harmless, receipts by nobody stop the other region.
 */
export class Candidacy {
  readonly #options: CandidacyOptions;
  #session: AgentSession | undefined;
  #renewing: Repeating | undefined;
  #standing: Standing = 'standby';
  #said: AgentSignal | undefined;
  #toSay: AgentSignal | undefined;
  #problem: string | undefined = 'no lease was asked for yet';

  constructor(options: CandidacyOptions) {
    this.#options = options;
  }

  start(): void {
    const { ttlSeconds, log } = this.#options;
    this.#renewing = repeat(
      (ttlSeconds * 1_000) / 4, // three may fail
      () => this.#renew(),
      (error) => {
        this.#problem = error.message;
        if (this.#standing === 'leads') this.#standing = 'led';
        log.warn({ err: error }, 'the lease cannot be renewed');
      },
    );
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Why the lease is not held, or undefined: it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Takes the lead if nobody has it, stands back if somebody else has. @throws AgentRegistryError */
  async consider({ leaders }: RegionState): Promise<Standing> {
    const leader = leaders.get(this.#options.region);
    const session = this.#session;
    if (leader !== undefined)
      this.#standing = leader.session === session?.id ? 'leads' : this.#isOwnLastLife(leader.session) ? 'led' : 'standby';
    else if (session !== undefined && this.#options.unfitBecause() === undefined && (await session.lead())) this.#standing = 'leads';
    else if (this.#standing === 'leads') this.#standing = 'led';
    return this.#standing;
  }

  /** Says it if it is something new. @throws AgentRegistryError */
  async say(signal: AgentSignal): Promise<void> {
    this.#toSay = signal;
    const session = this.#session;
    if (session === undefined || isDeepStrictEqual(signal, this.#said)) return;
    await session.signal(signal);
    this.#said = signal;
  }

  async close(): Promise<void> {
    await this.#renewing?.stop();
    await this.#giveBack('it is closing');
  }

  /** An earlier session of this very process whose lease has not run out yet: nobody else leads. */
  #isOwnLastLife(session: string): boolean {
    return this.#lastSession === session && this.#standing !== 'standby';
  }
  #lastSession: string | undefined;

  async #renew(): Promise<void> {
    const unfit = this.#options.unfitBecause();
    if (unfit !== undefined) return this.#giveBack(unfit);
    if (this.#session !== undefined && (await this.#session.renew())) {
      this.#problem = undefined;
      return;
    }
    const { registry, region, instance, ttlSeconds } = this.#options;
    this.#dropSession();
    const session = await registry.openSession({ region, instance, ttlSeconds });
    const signal = this.#toSay ?? { region, instance, leading: false, lineageRevision: 0, caughtUp: false, strandedOffered: false };
    await session.signal(signal);
    [this.#session, this.#said, this.#problem] = [session, signal, undefined];
    this.#options.onChange();
  }

  async #giveBack(because: string): Promise<void> {
    const session = this.#session;
    this.#problem = `given back: ${because}`;
    if (session === undefined) return;
    this.#dropSession();
    this.#options.log.warn({ because }, 'the lease is given back');
    // When etcd does not answer, it runs out by itself.
    await session.close().catch((error: Error) => this.#options.log.warn({ err: error }, 'the lease was not given back'));
    this.#options.onChange();
  }

  #dropSession(): void {
    this.#lastSession = this.#session?.id ?? this.#lastSession;
    [this.#session, this.#said] = [undefined, undefined];
    if (this.#standing === 'leads') this.#standing = 'led';
  }
}
