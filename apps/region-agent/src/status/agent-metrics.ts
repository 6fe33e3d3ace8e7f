import { lineageStatusSchema, otherRegions, type AgentStatus, type Region, type Topology } from '#contracts';
import { metricNames, metrics, type Point, type ReadPoints } from '#telemetry';
import type { RegionState } from '#regions';
import type { LeadingParts } from '../leading.parts.ts';
import { ReplicationLag } from './replication-lag.ts';

export interface ObservedAgent {
  readonly here: Region;
  readonly topology: Topology;
  readonly status: () => AgentStatus;
  /** What etcd said last; undefined while it does not answer. */
  readonly state: () => RegionState | undefined;
  /** Undefined while this instance does not lead. */
  readonly parts: () => LeadingParts | undefined;
  readonly nowMs: () => number;
}

const modes = lineageStatusSchema.options.map(({ shape }) => shape.status.value);
const takeovers = metrics.counter(metricNames.takeovers);

/** Shows how the region and this instance stand. Returns how to end it. */
export function observeAgent({ here, topology, status, state, parts, nowMs }: ObservedAgent): () => void {
  const others = otherRegions(topology, here);
  // From the first scrape on: the first takeover is an increase too.
  for (const lost of others) takeovers.add({ lost }, 0);
  const lag = new ReplicationLag();
  const show = (name: Parameters<typeof metrics.gauge>[0], read: ReadPoints): (() => void) => metrics.gauge(name).observe(read);
  const flag = (value: boolean): readonly Point[] => [{ labels: {}, value: Number(value) }];
  const ends = [
    show(metricNames.mirrorLag, () => status().mirrors.map(({ topic, lagRecords }) => ({ labels: { topic }, value: lagRecords }))),
    show(metricNames.replicationLag, () =>
      others.flatMap((origin) => {
        const logs = parts()?.logs;
        if (logs === undefined) return [];
        const seconds = lag.secondsBehind(origin, logs.mirrored(origin), nowMs(), Date.now());
        return seconds === undefined ? [] : [{ labels: { origin }, value: seconds }];
      }),
    ),
    show(metricNames.shardsStopped, () => [{ labels: {}, value: Object.keys(status().stoppedShards).length }]),
    show(metricNames.regionTerm, () => {
      const { lineage } = status();
      return lineage === undefined ? [] : [{ labels: {}, value: lineage.term }];
    }),
    show(metricNames.regionMode, () => {
      const { lineage } = status();
      return lineage === undefined ? [] : modes.map((mode) => ({ labels: { mode }, value: Number(mode === lineage.status.status) }));
    }),
    show(metricNames.regionServing, () => flag(status().serving.serving)),
    show(metricNames.regionLeading, () => flag(status().leading)),
    show(metricNames.otherRegionAlive, () => {
      const known = state();
      if (known === undefined) return [];
      return others.map((region) => ({ labels: { region }, value: Number(known.signals.some((signal) => signal.region === region)) }));
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
