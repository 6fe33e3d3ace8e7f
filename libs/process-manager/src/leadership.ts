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
  /** UTC, ISO 8601: when this leadership had caught up. */
  readonly resumedAt: string;
}

type Standing =
  | { readonly is: 'standby' }
  | { readonly is: 'catching-up'; readonly catchUp: Pick<CatchUp, 'isDone'> }
  | { readonly is: 'resuming' | 'steady'; readonly turn: SweepTurn };

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

  /** All that was due at the turn has been stated. */
  roundIsOver(turn: SweepTurn): void {
    if (this.#standing.is === 'resuming' && this.#standing.turn === turn) this.#standing = { is: 'steady', turn };
  }
}
