/** Milliseconds since the epoch of an ISO 8601 instant in UTC. For ages and deadlines only: never for order or safety. */
export const epochMsOf = (instant: string): number => Date.parse(instant);

/** The instant, in UTC and with milliseconds. */
export const instantOf = (epochMs: number): string => new Date(epochMs).toISOString();

/** `instant` plus `ms`. */
export const instantAfter = (instant: string, ms: number): string => instantOf(epochMsOf(instant) + ms);
