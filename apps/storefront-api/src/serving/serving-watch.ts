import { type Serving, servingSchema } from '#contracts';
import { Condition } from '#shard-log';

export const SERVING = Symbol('ServingState');

/** Whether clients should come to this region: cheap to ask, for every write and every health check does. */
export interface ServingState {
  now(): Serving;
  /** The same, but while the region takes another one over it is waited for, until `withinMs` milliseconds after that was first heard of. */
  afterTakeover(withinMs: number): Promise<Serving>;
}

export interface ServingWatchOptions {
  /** Base URLs of this region's agents, one per instance. */
  readonly agentUrls: readonly string[];
  readonly intervalMs: number;
  /** The same while the region takes another one over: writes wait for its end. */
  readonly takeoverIntervalMs: number;
  readonly timeoutMs: number;
  /** An agent that has not answered for so long says nothing any more. */
  readonly silentMs: number;
  /** Milliseconds of a clock that goes on while the process is stopped. */
  readonly nowMs?: () => number;
}

/**
 * Half a second is unnoticed by who resolves names with a TTL of one. Silence counts as late as an agent's own knowledge: on
 * a starved machine two agents were silent for a second, and healthy edges refused.
 */
export const servingWatchDefault = { intervalMs: 500, takeoverIntervalMs: 50, timeoutMs: 1_000, silentMs: 3_000 } as const;

/** Writes that wait for the end of a takeover; one more does not wait. */
const waitingMax = 2_000;

interface Heard {
  readonly serving: Serving;
  readonly askedAtMs: number;
}

/**
 * What the region's agents say, asked again and again, each by itself. One that says yes is enough, for each of them has read the lineage by
 * itself; unless one knows that the region drains. Answers older than `silentMs`, counted from when they were asked for, count no more: a
 * process that was stopped and goes on does not serve on old knowledge.
 */
export class ServingWatch implements ServingState {
  readonly #options: ServingWatchOptions;
  readonly #nowMs: () => number;
  readonly #heard = new Map<string, Heard>();
  readonly #news = new Condition();
  #takingOverSinceMs: number | undefined;
  readonly #stopped = new AbortController();
  #asking: readonly Promise<void>[] = [];

  constructor(options: ServingWatchOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  start(): void {
    this.#asking = this.#options.agentUrls.map((url) => this.#askAgain(url));
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#asking);
  }

  now(): Serving {
    const { silentMs } = this.#options;
    const since = this.#nowMs() - silentMs;
    const fresh = [...this.#heard.values()].filter(({ askedAtMs }) => askedAtMs >= since).map(({ serving }) => serving);
    return (
      fresh.find(({ draining }) => draining === true) ??
      fresh.find(({ serving }) => serving) ??
      fresh.find(({ takingOver }) => takingOver === true) ??
      fresh[0] ?? { serving: false, because: `no agent of this region has answered for ${silentMs} ms` }
    );
  }

  async afterTakeover(withinMs: number): Promise<Serving> {
    const leftMs = (this.#takingOverSinceMs ?? 0) + withinMs - this.#nowMs();
    if (this.#news.waiting < waitingMax) await this.#news.until(() => this.now().takingOver !== true, leftMs);
    return this.now();
  }

  /** Some agent has answered since the start, whatever it said. */
  get hasHeard(): boolean {
    return this.#heard.size > 0;
  }

  async #askAgain(url: string): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const askedAtMs = this.#nowMs();
      const serving = await this.#ask(url);
      if (serving !== undefined) {
        this.#heard.set(url, { serving, askedAtMs });
        this.#takingOverSinceMs = this.now().takingOver === true ? (this.#takingOverSinceMs ?? this.#nowMs()) : undefined;
        this.#news.changed();
      }
      const { intervalMs, takeoverIntervalMs } = this.#options;
      await this.#rest(Math.max(0, (serving?.takingOver === true ? takeoverIntervalMs : intervalMs) - (this.#nowMs() - askedAtMs)));
    }
  }

  /** Undefined: no answer, or none that says anything. */
  async #ask(url: string): Promise<Serving | undefined> {
    try {
      const response = await fetch(new URL('/serving', url), {
        redirect: 'error',
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#options.timeoutMs)]),
      });
      const { serving, ...about } = servingSchema.parse(await response.json());
      return { serving: serving && response.ok, ...about };
    } catch {
      return undefined; // its silence is the news: `now` tells it
    }
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#stopped.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#stopped.signal.addEventListener('abort', done, { once: true });
      if (this.#stopped.signal.aborted) done();
    });
  }
}
