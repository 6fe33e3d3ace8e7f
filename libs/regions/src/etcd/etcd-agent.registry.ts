import { setTimeout as sleep } from 'node:timers/promises';
import type { Region } from '#contracts';
import {
  AgentRegistryError,
  agentSignalSchema,
  leaderSchema,
  regionWishesSchema,
  type AgentRegistry,
  type AgentSession,
  type AgentSignal,
  type Leader,
  type RegionState,
  type RegionWishes,
} from '../agent-registry.port.ts';
import type { LineageWatch, StoredLineage } from '../lineage-store.port.ts';
import { EtcdClient, textOf, type EtcdKeyValue, type EtcdOperation, type EtcdOptions, type EtcdWatchEvent } from './etcd.client.ts';
import { storedLineageOf } from './etcd-lineage.store.ts';

export interface EtcdAgentRegistryOptions extends EtcdOptions {
  /** What all keys begin with. Default `/evenkeel`. */
  readonly prefix?: string;
  /** Pause before a broken watch is opened again. */
  readonly retryAfterMs?: number;
}

const noWishes: RegionWishes = { evacuated: [] };

/**
 * Signals, leaders and wishes in etcd, beside the lineage. A read is one transaction that only reads: linearizable, at one revision, without a write.
 * The lineage, by far the largest value, is sent only when it is another one than was read before.
 */
export class EtcdAgentRegistry implements AgentRegistry {
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #retryAfterMs: number;
  readonly #watches = new Set<LineageWatch>();
  #lineage: StoredLineage | undefined;

  constructor(options: EtcdAgentRegistryOptions) {
    this.#client = new EtcdClient(options);
    this.#prefix = options.prefix ?? '/evenkeel';
    this.#retryAfterMs = options.retryAfterMs ?? 250;
  }

  async read(): Promise<RegionState> {
    const [lineageKey, agents, leaders, wishesKey] = ['/lineage', '/agents/', '/leaders/', '/wishes'].map((key) => this.#prefix + key);
    const others: readonly EtcdOperation[] = [{ prefix: agents! }, { prefix: leaders! }, { get: wishesKey! }];
    const known = this.#lineage;
    return orRegistryError('cannot read the state', async () => {
      const when = [{ key: lineageKey!, modRevision: known?.revision ?? 0 }];
      const answer = await this.#client.transact({ when, success: others, failure: [...others, { get: lineageKey! }] });
      const [signals = [], leading = [], [wishes] = []] = answer.read;
      const lineage = answer.succeeded ? known : storedLineageOf(answer.read[3]?.[0]);
      this.#lineage = lineage;
      return {
        lineage,
        signals: signals.map((entry) => signalOf(entry, agents!)).filter((signal) => signal !== undefined),
        leaders: new Map(leading.map((entry) => [textOf(entry.key).slice(leaders!.length) as Region, leaderOf(entry)])),
        wishes: wishes === undefined ? noWishes : regionWishesSchema.parse(JSON.parse(textOf(wishes.value))),
        wishesRevision: wishes?.mod_revision ?? 0,
      };
    });
  }

  async openSession({ region, instance, ttlSeconds }: { region: Region; instance: number; ttlSeconds: number }): Promise<AgentSession> {
    return orRegistryError('cannot open a session', async () => {
      const lease = await this.#client.grantLease(ttlSeconds);
      const keys = { signal: `${this.#prefix}/agents/${region}/${instance}`, leader: `${this.#prefix}/leaders/${region}` };
      return new EtcdAgentSession(this.#client, lease, keys, instance);
    });
  }

  async changeWishes(revision: number, wishes: RegionWishes): Promise<'changed' | 'conflict'> {
    const value = JSON.stringify(regionWishesSchema.parse(wishes));
    return orRegistryError('cannot change the wishes', async () => {
      const { put } = await this.#client.putIf(`${this.#prefix}/wishes`, revision, value);
      return put ? 'changed' : 'conflict';
    });
  }

  watch(onChange: (lineage: StoredLineage | undefined) => void, onError: (error: Error) => void): LineageWatch {
    const stop = new AbortController();
    const watching = this.#watchUntil(stop.signal, onChange, onError);
    const watch: LineageWatch = {
      close: async () => {
        stop.abort();
        this.#watches.delete(watch);
        await watching;
      },
    };
    this.#watches.add(watch);
    return watch;
  }

  async close(): Promise<void> {
    const watches = [...this.#watches].map((watch) => watch.close());
    this.#client.close();
    await Promise.all(watches);
  }

  async #watchUntil(
    stop: AbortSignal,
    onChange: (lineage: StoredLineage | undefined) => void,
    onError: (error: Error) => void,
  ): Promise<void> {
    const key = `${this.#prefix}/lineage`;
    const onEvents = (events: readonly EtcdWatchEvent[]): void => {
      const put = events.findLast(({ type, kv }) => type === 'PUT' && textOf(kv.key) === key);
      const lineage = storedLineageOf(put?.kv);
      this.#lineage = lineage ?? this.#lineage;
      onChange(lineage);
    };
    while (!stop.aborted) {
      try {
        const { entry, revision } = await this.#client.get(key);
        onChange(storedLineageOf(entry)); // what changed while nobody watched
        await this.#client.watch(`${this.#prefix}/`, revision + 1, stop, onEvents, true);
      } catch (error) {
        if (!stop.aborted) onError(error instanceof Error ? error : new Error(String(error)));
      }
      await sleep(this.#retryAfterMs, undefined, { signal: stop }).catch(() => {}); // ends early when stopped
    }
  }
}

class EtcdAgentSession implements AgentSession {
  readonly id: string;
  readonly #client: EtcdClient;
  readonly #keys: { readonly signal: string; readonly leader: string };
  readonly #instance: number;

  constructor(client: EtcdClient, lease: string, keys: { readonly signal: string; readonly leader: string }, instance: number) {
    this.id = lease;
    this.#client = client;
    this.#keys = keys;
    this.#instance = instance;
  }

  async signal(signal: AgentSignal): Promise<void> {
    const value = JSON.stringify(agentSignalSchema.parse(signal));
    await orRegistryError('cannot signal', () => this.#client.put(this.#keys.signal, value, this.id));
  }

  async lead(): Promise<boolean> {
    const leader: Leader = { instance: this.#instance, session: this.id };
    return orRegistryError('cannot take the lead', async () => {
      const answer = await this.#client.putIf(this.#keys.leader, 0, JSON.stringify(leader), this.id);
      // A put whose answer was lost meets itself.
      return answer.put || (answer.current !== undefined && leaderOf(answer.current).session === this.id);
    });
  }

  async renew(): Promise<boolean> {
    return orRegistryError('cannot renew the lease', async () => (await this.#client.keepLeaseAlive(this.id)) > 0);
  }

  async close(): Promise<void> {
    await orRegistryError('cannot give the lease back', () => this.#client.revokeLease(this.id));
  }
}

/** A signal that cannot be read, of a later version perhaps, still says that somebody is there: its key does. */
function signalOf({ key, value }: EtcdKeyValue, prefix: string): AgentSignal | undefined {
  const [region, instance] = textOf(key).slice(prefix.length).split('/');
  const named = { region, instance: Number(instance) };
  const parsed = agentSignalSchema.safeParse({ ...jsonOf(textOf(value)), ...named });
  if (parsed.success) return parsed.data;
  const says = { leading: false, lineageRevision: 0, caughtUp: false, strandedOffered: false };
  return agentSignalSchema.safeParse({ ...says, ...named }).data;
}

function jsonOf(text: string): object {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}

const leaderOf = ({ value }: EtcdKeyValue): Leader => leaderSchema.parse(JSON.parse(textOf(value)));

async function orRegistryError<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new AgentRegistryError(`${what}: ${(cause as Error).message}`, { cause });
  }
}
