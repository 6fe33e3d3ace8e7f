import type { Region } from '#contracts';
import type { Verdict, Violation } from './violation.ts';
import type { FinalReads, Reading, RegionReads } from './final-reads.ts';

/** What can be read of a region, or not. */
type Part = 'orders' | 'pools' | 'reservations' | 'payments' | 'settled' | 'checksums';
type ValueOf<P extends Part> = RegionReads[P] extends Reading<infer T> ? T : never;

export interface Read<T> {
  readonly region: Region;
  readonly value: T;
}

/** Collects what one checker finds. What cannot be read is found too: no checker passes for want of evidence. */
export class Findings implements Verdict {
  readonly violations: Violation[] = [];
  readonly #unreadableOnce = new Set<string>();
  #examined = 0;

  get examined(): number {
    return this.#examined;
  }

  /** One fact was judged. `violation` is asked only where it does not hold. */
  expect(holds: boolean, violation: () => Violation): void {
    this.#examined += 1;
    if (!holds) this.violations.push(violation());
  }

  /** That part of every region that could be read; a violation for each living one of which it could not. */
  ofEachRegion<P extends Part>(final: FinalReads, part: P): readonly Read<ValueOf<P>>[] {
    const living = new Set(final.living);
    if (living.size === 0) this.#unreadable('regions', 'no region lives');
    const reads: Read<ValueOf<P>>[] = [];
    for (const region of final.regions) {
      const reading = region[part] as Reading<ValueOf<P>>;
      if (reading.kind === 'read') reads.push({ region: region.region, value: reading.value });
      else if (living.has(region.region)) this.#unreadable(region.region, `its ${part} could not be read: ${reading.because}`);
      living.delete(region.region);
    }
    for (const region of living) this.#unreadable(region, 'it lives, and there are no final reads of it');
    return reads;
  }

  /** Undefined, and a violation, where it could not be read. `what` names it, and `where` whose it is. */
  the<T>(reading: Reading<T>, where: string, what: string): T | undefined {
    if (reading.kind === 'read') return reading.value;
    this.#unreadable(where, `${what} could not be read: ${reading.because}`);
    return undefined;
  }

  /** Told once, however often the checker asks for it. */
  #unreadable(where: string, because: string): void {
    const what = `unreadable: ${because}`;
    if (this.#unreadableOnce.has(`${where} ${what}`)) return;
    this.#unreadableOnce.add(`${where} ${what}`);
    this.violations.push({ where, what });
  }
}
