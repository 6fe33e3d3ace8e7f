import { assertNever } from '#kernel';
import type { CatchUp } from './catch-up.ts';

/**
 * What a batch that is folded now emits:
 * - `nothing`: it stands by, or it is behind the logs as they were at the start of its leadership. What an old state needs was
 *   most likely done long ago, and would stand in the way of live orders;
 * - `everything` that the touched states need: it has caught up, and has not yet said what was due meanwhile;
 * - `what-is-new`: the rest was emitted before.
 */
export type EmitMode = 'nothing' | 'everything' | 'what-is-new';

/** A sweep that may begin: processes that last moved at `resumedAt` or before are due without a rest. */
export interface SweepTurn {
  /** UTC, ISO 8601: when this leadership had caught up, or when shards changed their owner. */
  readonly resumedAt: string;
  /** Not over before: a batch that was under way when the owners changed asked for the former ones, and stores its states after that. */
  readonly notOverBefore?: string;
}

type Standing =
  | { readonly is: 'standby' }
  | { readonly is: 'catching-up'; readonly catchUp: Pick<CatchUp, 'isDone'> }
  | { readonly is: 'resuming' | 'steady'; readonly turn: SweepTurn };

/** Longer than a batch usually takes to be stored; what takes longer is swept after its rest. */
const batchUnderWayMs = 1_000;

/**
 * Where a process manager's leadership stands: stand by, catch up in silence, state at once all that is due (the first round of
 * sweeps), then go on.
 */
export class Leadership {
  #standing: Standing = { is: 'standby' };
  readonly #now: () => string;
  readonly #onDeposed: () => void;

  constructor(now: () => string, onDeposed: () => void) {
    this.#now = now;
    this.#onDeposed = onDeposed;
  }

  begin(catchUp: Pick<CatchUp, 'isDone'>): void {
    this.#standing = { is: 'catching-up', catchUp };
  }

  end(): void {
    this.#standing = { is: 'standby' };
    this.#onDeposed();
  }

  get mode(): EmitMode {
    switch (this.#standing.is) {
      case 'standby':
      case 'catching-up':
        return 'nothing';
      case 'resuming':
        return 'everything';
      case 'steady':
        return 'what-is-new';
      default:
        return assertNever(this.#standing);
    }
  }

  /** Undefined: no sweep now. */
  async sweepTurn(): Promise<SweepTurn | undefined> {
    const standing = this.#standing;
    if (standing.is === 'standby') return undefined;
    if (standing.is !== 'catching-up') return standing.turn;
    const done = await standing.catchUp.isDone();
    if (!done || this.#standing !== standing) return undefined; // deposed while it was asked
    const turn = { resumedAt: this.#now() };
    this.#standing = { is: 'resuming', turn };
    return turn;
  }

  /**
   * Shards have changed their owner: what their processes need was never stated here, however recently they moved, or is not this
   * region's to state any more. All are due again, and while that goes on a batch states everything.
   */
  ownersChanged(): void {
    if (this.#standing.is !== 'resuming' && this.#standing.is !== 'steady') return; // all will be due when it has caught up
    const resumedAt = this.#now();
    const notOverBefore = new Date(Date.parse(resumedAt) + batchUnderWayMs).toISOString();
    this.#standing = { is: 'resuming', turn: { resumedAt, notOverBefore } };
  }

  /** All that was due at the turn has been stated. */
  roundIsOver(turn: SweepTurn): void {
    if (turn.notOverBefore !== undefined && this.#now() < turn.notOverBefore) return;
    if (this.#standing.is === 'resuming' && this.#standing.turn === turn) this.#standing = { is: 'steady', turn };
  }
}
