import { z } from 'zod';
import type { LinksStatus } from '../links/links.ts';
import type { PartStatus } from '../supervisor/supervisor.ts';

/** What the command line asks of a running runtime: HTTP with JSON bodies over the Unix socket in its home. */
export type RuntimePhase = 'starting' | 'ready' | 'failed' | 'stopping';

export interface RuntimeStatus {
  readonly pid: number;
  readonly phase: RuntimePhase;
  readonly startedAt: string;
  /** Since the start until everything was ready. */
  readonly readyAfterMs: number | undefined;
  readonly parts: readonly PartStatus[];
}

const region = z.string().regex(/^[a-z][a-z0-9-]*$/);

export const delayLinkSchema = z.object({
  from: region,
  to: region.optional(),
  ms: z.int().min(0).max(60_000),
  direction: z.enum(['one-way', 'both']).default('both'),
});
export const cutLinkSchema = z.object({
  from: region,
  to: region.optional(),
  direction: z.enum(['one-way', 'both']),
  how: z.enum(['silent', 'reset']),
});
/** Everything when `from` is absent. */
export const healLinkSchema = z.object({ from: region.optional(), to: region.optional() });

/** `restart`: it is asked to end in order. `hold`: killed, and it stays down until `start`, which only begins: `status` tells how far it is. */
export type PartAction = 'kill' | 'pause' | 'resume' | 'restart' | 'hold' | 'start';
export const partActionSchema = z.enum(['kill', 'pause', 'resume', 'restart', 'hold', 'start']);

export type RegionAction = 'kill' | 'pause' | 'resume' | 'start';
export const regionActionSchema = z.enum(['kill', 'pause', 'resume', 'start']);
/** What a region that is down loses before it starts: the data of these parts of it. Of interest to `start` only. */
export const regionActionBodySchema = z.object({ forget: z.array(z.enum(['etcd', 'kafka', 'postgres'])).default([]) });
export type RegionActionBody = z.input<typeof regionActionBodySchema>;

export type DelayLink = z.input<typeof delayLinkSchema>;
export type CutLink = z.input<typeof cutLinkSchema>;
export type HealLink = z.input<typeof healLinkSchema>;

/** What stands behind the socket. Every method may throw an Error whose message is for a person. */
export interface RuntimeControl {
  status(): Promise<RuntimeStatus>;
  act(part: string, action: PartAction): Promise<void>;
  /** To every process of the region at once. Resolves when it is done; a start only begins, and `status` tells how far it is. */
  actOnRegion(region: string, action: RegionAction, body: z.output<typeof regionActionBodySchema>): Promise<void>;
  /**
   * Makes the region's etcd member a cluster of one, with the data that it has: the way out when the majority of members is lost.
   * The other members forget theirs and join again when they are started. @throws Error while any of them runs
   */
  forceNewEtcdCluster(region: string): Promise<void>;
  links(): LinksStatus;
  delay(request: z.output<typeof delayLinkSchema>): void;
  cut(request: z.output<typeof cutLinkSchema>): void;
  heal(request: z.output<typeof healLinkSchema>): void;
  /** Begins to stop everything; does not wait. */
  shutdown(): void;
}
