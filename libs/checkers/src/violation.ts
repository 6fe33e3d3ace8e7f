export interface Violation {
  /** A region, `provider`, `regions` for a difference between them, `clients` for what a client was told. */
  readonly where: string;
  /** One sentence, with the names and numbers that somebody needs who looks for it. */
  readonly what: string;
  /** The order, sku or shard that it is about. */
  readonly about?: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** How many facts were judged: where it is 0, that nothing is wrong says nothing. */
  readonly examined: number;
}
