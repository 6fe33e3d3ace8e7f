/** What happened to a region, in words that people read: a transition, never a heartbeat. */
export interface RegionEvent {
  /** Kebab-case, past tense: `lead-taken`, `lead-lost`, `step-claim`, `status-changed`, `kafka-lost`, … */
  readonly event: string;
  /** Of the lineage as it was known when this happened; 0 before any was read. */
  readonly term: number;
  /** Why, in one sentence. */
  readonly because: string;
  /** Plain JSON, small. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** How long it took, where it took time. */
  readonly tookMs?: number;
}

/**
 * Takes down what happened; when, where and by which instance is known to whoever implements it. Returns at once and never throws: the history serves
 * people, nothing that must be safe waits for it or depends on it.
 */
export interface RegionEvents {
  record(entry: RegionEvent): void;
}
