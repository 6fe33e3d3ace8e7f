import { checkAll, HistoryRecorder, type CheckResult, type Evidence } from '#checkers';
import { regionsOf, type CustomerId } from '#contracts';
import { eventually, seededRandom, Shop, type WholeSystem } from '#test-kit';
import type { WorkloadName } from '../plan/scenario.ts';
import { workloads } from '../workloads/all-workloads.ts';
import type { ClientSession } from '../workloads/client-session.ts';
import type { LoadContext } from '../workloads/load-context.ts';
import type { Workload } from '../workloads/workload.ts';
import { finalReads } from './read-everything.ts';
import { atRest, NotRecoveredError, recovered } from './recovery.ts';
import { openSessions, runLoad, stockGoods } from './run-load.ts';

export interface LoadWish {
  readonly system: WholeSystem;
  /** Its customers, keys and skus are named after it. */
  readonly name: string;
  readonly seed: number;
  readonly workload: WorkloadName;
  /** Fewer than the workload has: where two cores also start a whole region meanwhile, that takes two to three times as long under all of them. */
  readonly sessionsPerHome?: number;
}

export interface Judged {
  readonly evidence: Evidence;
  readonly checks: readonly CheckResult[];
  readonly recoveredMs: number;
}

/** Skus and keys begin with it, and have lengths of their own to keep. */
const nameMax = 30;
const acceptedWithinMs = 60_000;
const waitSeconds = 10;
const answeredWithinMs = 180_000;

/** A load on a system, whatever happens to that meanwhile; at its end all that its clients were told is judged. */
export class RunningLoad {
  readonly context: LoadContext;
  readonly sessions: readonly ClientSession[];
  /** When the load's clock was 0. */
  readonly startedAt: Date;
  readonly #system: WholeSystem;
  readonly #over: AbortController;
  readonly #running: Promise<void>;

  private constructor(
    { system }: LoadWish,
    workload: Workload,
    load: Pick<RunningLoad, 'context' | 'sessions' | 'startedAt'>,
    over: AbortController,
  ) {
    this.context = load.context;
    this.sessions = load.sessions;
    this.startedAt = load.startedAt;
    this.#system = system;
    this.#over = over;
    this.#running = runLoad(load.context, workload, load.sessions);
    this.#running.catch(() => over.abort()); // `end` tells
  }

  /** Lists its goods and begins. */
  static async begin(wish: LoadWish): Promise<RunningLoad> {
    const { system, name, seed } = wish;
    const planned = workloads[wish.workload];
    const workload = { ...planned, sessionsPerHome: wish.sessionsPerHome ?? planned.sessionsPerHome };
    const over = new AbortController();
    const shop = await Shop.open(system, name.replaceAll('+', '-').slice(0, nameMax));
    const recorder = new HistoryRecorder({ partitions: system.topology.partitions });
    const opening = { shop, regions: regionsOf(system.topology), recorder, attempts: [], random: seededRandom(seed), over: over.signal };
    const goods = await stockGoods(opening);
    const [startedAt, beganMs] = [new Date(), performance.now()];
    const context: LoadContext = { ...opening, goods, nowMs: () => performance.now() - beganMs };
    const sessions = await openSessions(context, workload);
    return new RunningLoad(wish, workload, { context, sessions, startedAt }, over);
  }

  /** Resolves when customers of every home had so many more of their requests answered. */
  async isAnswered(many = 8): Promise<void> {
    const answered = (home: string): number =>
      this.context.attempts.filter((one) => one.home === home && one.completion.outcome === 'ok').length;
    const before = new Map(this.context.regions.map((home) => [home, answered(home)]));
    await eventually(() => this.#over.signal.aborted || this.context.regions.every((home) => answered(home) >= before.get(home)! + many), {
      withinMs: answeredWithinMs,
      everyMs: 100,
    });
  }

  /** Resolves when every session has ended what it had begun. @throws what a session failed with: a fault of the run, not of the system */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  /** When the load is over: waits until the system is whole and at rest, reads everything, and judges. @throws NotRecoveredError */
  async judged(options: { readonly signal: AbortSignal; readonly say: (line: string) => void }): Promise<Judged> {
    const { context, sessions } = this;
    const system = this.#system;
    await recovered(system);
    await this.#ordersAreAccepted();
    const customers: readonly CustomerId[] = [...new Set(sessions.map(({ customer }) => customer.id))];
    const history = context.recorder.close(context.nowMs());
    await atRest({ ...options, system, history, customers });
    const recoveredMs = context.nowMs();
    const evidence: Evidence = { history, final: await finalReads({ system, history, customers }) };
    return { evidence, checks: checkAll(evidence), recoveredMs };
  }

  /** A fresh order at each home is placed and confirmed: whole is what serves. @throws NotRecoveredError */
  async #ordersAreAccepted(): Promise<void> {
    const { context, sessions } = this;
    const first = context.regions.map((home) => sessions.find(({ customer }) => customer.home === home)!);
    await Promise.all(
      first.map(async (session) => {
        const [key, lines] = [session.newKey(), [{ sku: context.goods.plenty[0], quantity: 1 }]];
        const via = session.customer.home;
        const isConfirmed = async (): Promise<true> => {
          const asked = await session.place(via, key, lines, waitSeconds);
          if (asked.outcome === 'ok' && asked.answer.kind === 'place' && asked.answer.status === 'confirmed') return true;
          throw new Error(JSON.stringify(asked));
        };
        await eventually(isConfirmed, { withinMs: acceptedWithinMs, everyMs: 200 }).catch((cause: unknown) => {
          throw new NotRecoveredError(`no order at ${via} is confirmed: ${(cause as Error).message}`, { cause });
        });
      }),
    );
  }
}
