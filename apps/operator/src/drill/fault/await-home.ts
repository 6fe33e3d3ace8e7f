import { setTimeout as delay } from 'node:timers/promises';
import { regionsOf, type Topology } from '#contracts';
import { askAgents, statusInWords } from '../../region/agents.ts';
import { askOwners, newestLineage } from '../../region/status-region.verb.ts';

export interface HomeComing {
  readonly home: boolean;
  /** Since this was asked. */
  readonly afterMs: number;
  /** What is still missing. */
  readonly missing: string;
}

export interface AwaitHomeOptions {
  readonly topology: Topology;
  readonly withinMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  readonly onWait: (missing: string) => void;
}

/** Waits until the regions are paired and each home's shards are owned by their home, with nobody's help. Resolves in either case. */
export async function awaitHome({ topology, withinMs, pollMs, signal, onWait }: AwaitHomeOptions): Promise<HomeComing> {
  const beganMs = performance.now();
  for (;;) {
    const missing = await notYetHome(topology);
    const afterMs = performance.now() - beganMs;
    if (missing === undefined) return { home: true, afterMs, missing: '' };
    if (afterMs > withinMs || signal.aborted) return { home: false, afterMs, missing };
    onWait(missing);
    await delay(pollMs);
  }
}

/** Undefined: paired and at home. */
export async function notYetHome(topology: Topology): Promise<string | undefined> {
  const [agents, owners] = await Promise.all([askAgents(topology), askOwners(topology)]);
  const lineage = newestLineage(agents);
  if (lineage === undefined) return 'no agent knows the lineage';
  if (lineage.status.status !== 'paired') return `the status is ${statusInWords(lineage.status)}`;
  const silent = regionsOf(topology).filter((region) => !agents.some((agent) => agent.region === region && agent.status !== undefined));
  if (silent.length > 0) return `no agent of ${silent.join(', ')} answers`;
  if (owners === undefined) return 'no edge answers who owns what';
  const away = owners.filter(({ region, isHome, ownsHomes }) => isHome && !ownsHomes.includes(region));
  return away.length === 0 ? undefined : `${away.map(({ region }) => region).join(', ')} does not own all of its home's shards`;
}
