/**
 * What a call does next: pure, from what it has tried and what is known of the addresses.
 *
 * Guarantees: at most `triesMax` tries, at most two at once, none at or after the deadline, none at an address before the moment
 * that its Retry-After or the pause between tries names. Prefers, among addresses that may be tried now: well ones, those that failed
 * this call least often, serving ones, the owner's region, the home, the one that answered last, the order in which they were given.
 */
import type { Region } from '#contracts/browser';
import { type Health, restsAt, well } from './rest.ts';

export interface Endpoint {
  readonly region: Region;
  /** Base URL, without a slash at its end. */
  readonly url: string;
  /** As the regions last said; undefined when nobody did. */
  readonly serving: boolean | undefined;
}

export interface Preference {
  /** The region that owns the customer's home now, as an answer last said. */
  readonly owner: Region | undefined;
  readonly home: Region | undefined;
  readonly lastAnswered: Region | undefined;
}

/** What is known of the addresses, by all calls together. */
export interface Landscape {
  readonly endpoints: readonly Endpoint[];
  /** By URL; absent: well. */
  readonly health: ReadonlyMap<string, Health>;
  readonly preference: Preference;
}

export interface RunningTry {
  readonly endpoint: Endpoint;
  readonly startedMs: number;
}

export interface CallState {
  readonly deadlineMs: number;
  readonly triesMax: number;
  readonly started: number;
  /** When a try last ended; the call's start before that. */
  readonly lastEndMs: number;
  /** No longer than this is a resting address waited for. */
  readonly pauseMaxMs: number;
  readonly running: readonly RunningTry[];
  /** By URL: not before. */
  readonly bars: ReadonlyMap<string, number>;
  /** By URL: tries of this call that failed there. */
  readonly failures: ReadonlyMap<string, number>;
  /** A second try goes elsewhere when the first has said nothing for so long; undefined: never. */
  readonly hedgeAfterMs: number | undefined;
  /** What was answered is known unless a try that still runs says better: start nothing more. */
  readonly winding: boolean;
}

export type Step =
  | { readonly do: 'try'; readonly endpoint: Endpoint }
  | { readonly do: 'wait'; readonly untilMs: number }
  | { readonly do: 'end'; readonly because: 'deadline' | 'tries' | 'answered' };

export interface Choice {
  readonly endpoint: Endpoint;
  readonly atMs: number;
}

/** Lower is better. Serving weighs more than any preference. */
export function rankOf({ region, serving }: Endpoint, { owner, home, lastAnswered }: Preference): number {
  const liking = region === owner ? 0 : region === home ? 1 : region === lastAnswered ? 2 : 3;
  return (serving === false ? 4 : 0) + liking;
}

/** The address to try next, and from when on; undefined when there is none to choose from. */
export function chooseEndpoint(state: CallState, landscape: Landscape, nowMs: number): Choice | undefined {
  const candidates = candidatesFor(state.running, landscape.endpoints).map((endpoint) => {
    const health = landscape.health.get(endpoint.url) ?? well;
    const ready = Math.max(nowMs, state.bars.get(endpoint.url) ?? 0);
    const rests = restsAt(health, nowMs);
    // A call's first try is not made to wait: its rest only puts an address behind the others.
    const restMs = rests && state.started > 0 && health.situation === 'resting' ? health.untilMs : 0;
    const atMs = Math.max(ready, Math.min(restMs, state.lastEndMs + state.pauseMaxMs));
    const failures = state.failures.get(endpoint.url) ?? 0;
    return { endpoint, atMs, rests, failures, rank: rankOf(endpoint, landscape.preference) };
  });
  const [best] = candidates.toSorted(
    (a, b) => a.atMs - b.atMs || Number(a.rests) - Number(b.rests) || a.failures - b.failures || a.rank - b.rank,
  );
  return best && { endpoint: best.endpoint, atMs: best.atMs };
}

/** While a try runs, the next one goes to another region; to another address where there is no other region. */
function candidatesFor(running: readonly RunningTry[], endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const elsewhere = endpoints.filter(({ region }) => !running.some(({ endpoint }) => endpoint.region === region));
  if (elsewhere.length > 0) return elsewhere;
  return endpoints.filter(({ url }) => !running.some(({ endpoint }) => endpoint.url === url));
}

export function nextStep(state: CallState, landscape: Landscape, nowMs: number): Step {
  const { running, started, triesMax, deadlineMs, winding } = state;
  if (nowMs >= deadlineMs) return { do: 'end', because: 'deadline' };
  if (running.length === 0) {
    if (winding) return { do: 'end', because: 'answered' };
    if (started >= triesMax) return { do: 'end', because: 'tries' };
    const choice = chooseEndpoint(state, landscape, nowMs);
    if (choice === undefined || choice.atMs >= deadlineMs) return { do: 'end', because: 'deadline' };
    return choice.atMs <= nowMs ? { do: 'try', endpoint: choice.endpoint } : { do: 'wait', untilMs: choice.atMs };
  }
  return hedge(state, landscape, nowMs) ?? { do: 'wait', untilMs: deadlineMs };
}

function hedge(state: CallState, landscape: Landscape, nowMs: number): Step | undefined {
  const { running, started, triesMax, deadlineMs, hedgeAfterMs, winding } = state;
  const [first] = running;
  if (first === undefined || running.length > 1 || hedgeAfterMs === undefined || winding || started >= triesMax) return undefined;
  const hedgeAtMs = first.startedMs + hedgeAfterMs;
  if (nowMs < hedgeAtMs) return { do: 'wait', untilMs: Math.min(hedgeAtMs, deadlineMs) };
  const choice = chooseEndpoint(state, landscape, nowMs);
  if (choice === undefined) return undefined;
  return choice.atMs <= nowMs ? { do: 'try', endpoint: choice.endpoint } : { do: 'wait', untilMs: Math.min(choice.atMs, deadlineMs) };
}

/** How long an address is left alone after its nth failed try in one call; `chance` in [0, 1) spreads clients apart. */
export const pauseAfter = (failures: number, firstMs: number, maxMs: number, chance: number): number =>
  Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 20)) * (0.5 + chance / 2);
