import type { Region } from '#contracts';
import type { MirroredOrigin } from '../logs/region-logs.ts';

/**
 * How far behind another region, in seconds, what is known of it here is.
 *
 * Its leading agent repeats receipts every half second, also when nobody orders, and they come the same way as its commits: so the age of the
 * newest one says how old this region's mirror is. At rest it stays below that half second and a mirror delay; when the link is cut, or the
 * other region is dead, it grows from the moment of its last word. While commits wait to be read here, it is also the age of the last that
 * was read. It compares two machines' clocks, and so is as exact as they agree.
 */
export class ReplicationLag {
  readonly #unreadSince = new Map<Region, number>();

  /** `nowMs`: `performance.now()`; `epochMs`: of the wall clock. Undefined: nothing was heard of it yet. */
  secondsBehind(origin: Region, known: MirroredOrigin, nowMs: number, epochMs: number): number | undefined {
    const { heardWrittenAtMs, lastEvent } = known;
    const unreadMs = this.#unreadForMs(origin, known, nowMs);
    if (heardWrittenAtMs === undefined) return undefined;
    const hasReadSince = lastEvent !== undefined && unreadMs !== undefined && nowMs - lastEvent.readAtMs <= unreadMs;
    const eventsMs = hasReadSince ? epochMs - lastEvent.writtenAtMs : (unreadMs ?? 0);
    return Math.max(0, epochMs - heardWrittenAtMs, eventsMs) / 1_000;
  }

  #unreadForMs(origin: Region, { hasUnread }: MirroredOrigin, nowMs: number): number | undefined {
    if (!hasUnread) {
      this.#unreadSince.delete(origin);
      return undefined;
    }
    const sinceMs = this.#unreadSince.get(origin) ?? nowMs;
    this.#unreadSince.set(origin, sinceMs);
    return nowMs - sinceMs;
  }
}
