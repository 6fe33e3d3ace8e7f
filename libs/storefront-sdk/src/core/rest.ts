/**
 * How a client backs away from an address that fails: a circuit without a lock. An address is well, or rests until a moment; after
 * it one try goes there (the half-open circuit) while the others still stay away, until that one has ended.
 */
export type Health =
  | { readonly situation: 'well' }
  /** `restMs`: how long the present rest is; the next one after another silence is twice as long. */
  | { readonly situation: 'resting'; readonly untilMs: number; readonly restMs: number };

export interface RestSettings {
  readonly firstRestMs: number;
  readonly restMaxMs: number;
}

export const well: Health = { situation: 'well' };

/** Nobody answered: a rest, twice as long as the one before. */
export function afterSilence(health: Health, nowMs: number, { firstRestMs, restMaxMs }: RestSettings): Health {
  const restMs = Math.min(restMaxMs, health.situation === 'resting' ? health.restMs * 2 : firstRestMs);
  return { situation: 'resting', untilMs: nowMs + restMs, restMs };
}

/** Somebody answered "not now": a rest as long as asked for. Who answers so is alive: its rests do not grow. */
export function afterNotNow(nowMs: number, retryAfterMs: number | undefined, { firstRestMs, restMaxMs }: RestSettings): Health {
  const restMs = Math.min(restMaxMs, Math.max(firstRestMs, retryAfterMs ?? 0));
  return { situation: 'resting', untilMs: nowMs + restMs, restMs: firstRestMs };
}

export const restsAt = (health: Health, nowMs: number): boolean => health.situation === 'resting' && health.untilMs > nowMs;

/** A try goes to it: when its rest is over, the others wait for how this one ends, for at most `tryMs`. */
export const whileProbed = (health: Health, nowMs: number, tryMs: number): Health =>
  health.situation === 'resting' && health.untilMs <= nowMs ? { ...health, untilMs: nowMs + tryMs } : health;

/** The probe was given up before it said anything: the next one may go. */
export const afterAbandonedProbe = (health: Health, nowMs: number): Health =>
  health.situation === 'resting' ? { ...health, untilMs: Math.min(health.untilMs, nowMs) } : health;
