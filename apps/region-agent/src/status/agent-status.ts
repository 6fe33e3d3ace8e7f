import { firstLineage, regionsOf, type AgentProcedure, type AgentStatus, type Region, type Serving, type Topology } from '#contracts';
import type { PeerView, RegionState } from '#regions';
import type { HealthRegistry } from '#service-kit';
import type { LeadingParts } from '../leading.parts.ts';

export interface AgentKnowledge {
  readonly here: Region;
  readonly instance: number;
  readonly topology: Topology;
  readonly standing: AgentStatus['standing'];
  readonly serving: Serving;
  readonly state: RegionState | undefined;
  /** Undefined: this instance does not lead. */
  readonly parts: LeadingParts | undefined;
  readonly peers: ReadonlyMap<Region, PeerView>;
  readonly procedure: AgentProcedure | undefined;
  readonly problems: Readonly<Record<string, string | undefined>>;
}

export function agentStatusOf(known: AgentKnowledge): AgentStatus {
  const { here: region, instance, standing, serving, state, parts, peers, procedure } = known;
  const lineage = state?.lineage;
  const logs = parts?.logs.status();
  const writer = parts?.writer.status();
  const problems = {
    ...known.problems,
    lineage: lineageProblem(known),
    mirrors: logs?.problem,
    receipts: writer?.problem,
    checkpoint: parts?.saver.problem,
  };
  return {
    region,
    instance,
    standing,
    leading: standing === 'leads',
    serving,
    procedure,
    peers: [...peers].map(([peer, view]) => ({ region: peer, ...view })),
    wishes: { evacuated: [...(state?.wishes.evacuated ?? [])], promote: state?.wishes.promote },
    lineage: lineage && { term: lineage.lineage.term, status: lineage.lineage.status, revision: lineage.revision },
    copiedRevision: parts?.keeper.status().copiedRevision,
    shards: Object.fromEntries(
      [...(parts?.ledger.receiptable() ?? [])].map(([shard, receipt]) => [
        shard,
        receipt === undefined ? null : { term: receipt.term, generation: receipt.generation, seq: receipt.seq },
      ]),
    ),
    stoppedShards: Object.fromEntries(parts?.ledger.stopped() ?? []),
    mirrors: [...(logs?.topics ?? [])],
    receiptsWritten: writer?.written ?? 0,
    unreadableRecords: logs?.unreadable ?? 0,
    problems: Object.fromEntries(Object.entries(problems).flatMap(([part, reason]) => (reason === undefined ? [] : [[part, reason]]))),
  };
}

function lineageProblem({ state, parts, topology }: AgentKnowledge): string | undefined {
  const kept = parts?.keeper.status();
  if (kept?.problem !== undefined) return kept.problem;
  if (state === undefined || state.lineage === undefined) return 'there is no lineage yet';
  // The lineage must know every shard of the topology: another number of partitions would scatter streams over wrong shards.
  const known = state.lineage.lineage.shards;
  const expected = Object.keys(firstLineage({ ...topology, regions: regionsOf(topology) }).shards);
  const strangers = Object.keys(known).length !== expected.length || expected.some((shard) => known[shard] === undefined);
  return strangers ? 'the lineage does not fit the topology: homes or partitions have changed' : undefined;
}

/** The parts without which an agent cannot do its work. Without etcd or a lease it goes on as it can: that is for people to see. */
const neededToBeReady = ['lineage', 'mirrors', 'receipts', 'lead'] as const;
const toldOnly = ['etcd', 'kafka', 'lease', 'round', 'checkpoint'] as const;

export function observeHealth(health: HealthRegistry, status: () => AgentStatus): void {
  for (const part of neededToBeReady)
    health.addReady(part, () => {
      const reason = status().problems[part];
      return reason === undefined ? { ok: true } : { ok: false, detail: reason };
    });
  for (const part of toldOnly)
    health.addReady(part, () => {
      const reason = status().problems[part];
      return reason === undefined ? { ok: true } : { ok: true, detail: reason };
    });
  // A shard that stands still is for people to see; its neighbours are served, so the agent stays ready.
  health.addReady('shards', () => {
    const stopped = Object.entries(status().stoppedShards);
    return stopped.length === 0
      ? { ok: true }
      : { ok: true, detail: stopped.map(([shard, reason]) => `${shard} stands still: ${reason}`).join('; ') };
  });
}
