const perRecordMs = 5;
const restMaxMs = 40;
/** A fetch that brought so many is catching up: more is waiting already, and a rest would not make the next one larger. */
const catchingUp = 200;

/**
 * Milliseconds to rest after a fetch that brought so many records, so that under load the next one brings more: each fetch costs the broker
 * and the reader far more than each record. A record that comes alone holds up the next one hardly at all.
 */
export function restAfterFetch(records: number): number {
  return records >= catchingUp ? 0 : Math.min(restMaxMs, records * perRecordMs);
}
