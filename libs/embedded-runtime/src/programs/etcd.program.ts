import { mkdir, rm } from 'node:fs/promises';
import type { Place, System } from '../topology/system.ts';
import { addLearner, etcdMarkOf, forgetEtcdMark, markEtcdMember, promoteLearner, type EtcdMark, type Joining } from './etcd-membership.ts';
import { askHttp } from './http-readiness.ts';
import type { ProgramSpec } from './program.ts';

export const etcdClusterToken = 'evenkeel';

/** Where the others dial a member: its peer link, never the member itself. */
export const etcdPeerUrl = ({ ports }: System, member: Place): string => `http://${member.address}:${ports.etcdPeerLink}`;

export interface EtcdOptions {
  readonly system: System;
  readonly member: Place;
  readonly members: readonly Place[];
  readonly dataDir: string;
  /** The program itself, default `etcd` on PATH. */
  readonly command?: string;
}

/**
 * One member of etcd's three. Healthy means that it sees a leader, so a majority must be up before any of them is ready. What a mark
 * beside its data asks for (`etcd-membership.ts`) is done at its next start.
 */
export function etcdProgram({ system, member, members, dataDir, command = 'etcd' }: EtcdOptions): ProgramSpec {
  const clientUrl = clientUrlOf(system, member);
  const others = members.filter(({ name }) => name !== member.name).map((other) => clientUrlOf(system, other));
  const joining: Joining = { name: member.name, peerUrl: etcdPeerUrl(system, member), others };
  let mark: EtcdMark | undefined;
  return {
    name: `${member.name}.etcd`,
    command,
    args: [
      `--name=${member.name}`,
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${clientUrl}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=http://${member.address}:${system.ports.etcdPeer}`,
      `--initial-advertise-peer-urls=${etcdPeerUrl(system, member)}`,
      `--initial-cluster=${members.map((each) => `${each.name}=${etcdPeerUrl(system, each)}`).join(',')}`,
      `--initial-cluster-token=${etcdClusterToken}`,
      '--initial-cluster-state=new', // ignored once the data directory exists
      // A lost region's agent is noticed by its lease, and etcd grants none that is shorter than one and a half elections: 500 ms allow
      // leases of 1 s and more. Below that, a member that two busy cores leave waiting for some 100 ms would cost an election.
      '--heartbeat-interval=50',
      '--election-timeout=500',
      '--auto-compaction-mode=periodic',
      '--auto-compaction-retention=1h',
      '--snapshot-count=10000',
      '--logger=zap',
      '--log-outputs=stderr',
    ],
    // Heartbeats wake it some hundred times a second; with more threads each of them wakes another one to look for work.
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', GOMAXPROCS: '1' },
    cwd: dataDir,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 60_000,
    argsOfThisStart: () => argumentsFor(mark),
    prepare: async () => {
      mark = await obey(await etcdMarkOf(dataDir), dataDir, joining);
      await mkdir(dataDir, { recursive: true, mode: 0o700 }); // etcd warns about anything wider
    },
    ready: async () => {
      if (mark?.next === 'joining') {
        const missing = await promoteLearner(joining);
        if (missing !== undefined) return missing;
        await forgetEtcdMark(dataDir);
        mark = undefined;
      }
      return askHttp(`${clientUrl}/health`, (body) =>
        /"health"\s*:\s*"?true/.test(body) ? undefined : `unhealthy: ${body.slice(0, 200)}`,
      );
    },
  };
}

const clientUrlOf = ({ ports }: System, member: Place): string => `http://${member.address}:${ports.etcdClient}`;

/** Does before a start what the mark asks for, and answers what concerns the start itself. */
async function obey(mark: EtcdMark | undefined, dataDir: string, joining: Joining): Promise<EtcdMark | undefined> {
  if (mark?.next === 'force') await forgetEtcdMark(dataDir); // once: the next start must not throw out who has joined since
  if (mark?.next !== 'rejoin') return mark;
  await rm(dataDir, { recursive: true, force: true });
  const added: EtcdMark = { next: 'joining', initialCluster: await addLearner(joining) };
  await markEtcdMember(dataDir, added);
  return added;
}

function argumentsFor(mark: EtcdMark | undefined): readonly string[] {
  if (mark?.next === 'force') return ['--force-new-cluster'];
  // The last of a repeated flag counts.
  return mark?.next === 'joining' ? [`--initial-cluster=${mark.initialCluster}`, '--initial-cluster-state=existing'] : [];
}
