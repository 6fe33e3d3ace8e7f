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

export type PartAction = 'kill' | 'pause' | 'resume';
export const partActionSchema = z.enum(['kill', 'pause', 'resume']);

export type DelayLink = z.input<typeof delayLinkSchema>;
export type CutLink = z.input<typeof cutLinkSchema>;
export type HealLink = z.input<typeof healLinkSchema>;

/** What stands behind the socket. Every method may throw an Error whose message is for a person. */
export interface RuntimeControl {
  status(): Promise<RuntimeStatus>;
  act(part: string, action: PartAction): Promise<void>;
  links(): LinksStatus;
  delay(request: z.output<typeof delayLinkSchema>): void;
  cut(request: z.output<typeof cutLinkSchema>): void;
  heal(request: z.output<typeof healLinkSchema>): void;
  /** Begins to stop everything; does not wait. */
  shutdown(): void;
}
