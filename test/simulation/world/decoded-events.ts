import { allEvents, type AnyEvent } from '#contracts';

/** The events of each commit of a run, as the codec reads them: once, though every region's worker asks, and asks again after it was wiped. */
export class DecodedEvents {
  readonly #known = new Map<string, readonly AnyEvent[]>();

  /** @throws as the codec does */
  of(body: string): readonly AnyEvent[] {
    const known = this.#known.get(body);
    if (known !== undefined) return known;
    const events = allEvents.decode(body);
    this.#known.set(body, events);
    return events;
  }
}
