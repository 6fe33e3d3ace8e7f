import type { Region } from '#contracts';

/** What is wrong with the bytes that flow from one region to another, whichever side dialled. */
export interface DirectionFaults {
  /** Every byte arrives this much later, in order. */
  readonly delayMs: number;
  /** `silent`: nothing arrives and nobody is told. `reset`: connections of the pair are reset, new ones too. */
  readonly cut: 'none' | 'silent' | 'reset';
}

export interface DirectionStatus extends DirectionFaults {
  readonly from: Region;
  readonly to: Region;
}

export type Way = 'one-way' | 'both';

const sound: DirectionFaults = { delayMs: 0, cut: 'none' };
const cutRank = { none: 0, silent: 1, reset: 2 } as const;

const keyOf = (from: Region, to: Region): string => `${from}->${to}`;

/** The faults of all directions between regions that a link connects. Pure bookkeeping: the bridges ask it for every chunk. */
export class LinkFaults {
  readonly #directions = new Map<string, DirectionStatus>();

  constructor(pairs: Iterable<readonly [Region, Region]>) {
    for (const [a, b] of pairs) {
      this.#directions.set(keyOf(a, b), { from: a, to: b, ...sound });
      this.#directions.set(keyOf(b, a), { from: b, to: a, ...sound });
    }
  }

  of(from: Region, to: Region): DirectionFaults {
    return this.#directions.get(keyOf(from, to)) ?? sound;
  }

  /** What a connection meets whose dialling region is not known: the worst of all that dial this region. */
  worst(towards: 'into' | 'out-of', region: Region): DirectionFaults {
    const concerned = [...this.#directions.values()].filter(({ from, to }) => (towards === 'into' ? to : from) === region);
    return concerned.reduce<DirectionFaults>(
      (worst, { delayMs, cut }) => ({
        delayMs: Math.max(worst.delayMs, delayMs),
        cut: cutRank[cut] > cutRank[worst.cut] ? cut : worst.cut,
      }),
      sound,
    );
  }

  all(): readonly DirectionStatus[] {
    return [...this.#directions.values()];
  }

  /** Changes the directions from one region to another, or to all when `to` is undefined. @throws Error naming the known directions */
  change(from: Region, to: Region | undefined, way: Way, faults: Partial<DirectionFaults>): void {
    const forward = this.all().filter((direction) => direction.from === from && (to === undefined || direction.to === to));
    if (forward.length === 0)
      throw new Error(`no link ${keyOf(from, to ?? ('*' as Region))}; there are ${[...this.#directions.keys()].join(', ')}`);
    const concerned =
      way === 'both' ? [...forward, ...forward.map(({ from: a, to: b }) => ({ from: b, to: a, ...this.of(b, a) }))] : forward;
    for (const direction of concerned) this.#directions.set(keyOf(direction.from, direction.to), { ...direction, ...faults });
  }
}
