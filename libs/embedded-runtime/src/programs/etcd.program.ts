import { mkdir } from 'node:fs/promises';
import type { Place, System } from '../topology/system.ts';
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

/** One member of etcd's three. Healthy means that it sees a leader, so a majority must be up before any of them is ready. */
export function etcdProgram({ system, member, members, dataDir, command = 'etcd' }: EtcdOptions): ProgramSpec {
  const clientUrl = `http://${member.address}:${system.ports.etcdClient}`;
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
      // Twice the default: on two busy cores a member may not run for some 100 ms, which should not cost an election.
      '--heartbeat-interval=200',
      '--election-timeout=2000',
      '--auto-compaction-mode=periodic',
      '--auto-compaction-retention=1h',
      '--snapshot-count=10000',
      '--logger=zap',
      '--log-outputs=stderr',
    ],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', GOMAXPROCS: '2' },
    cwd: dataDir,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 60_000,
    prepare: async () => void (await mkdir(dataDir, { recursive: true, mode: 0o700 })), // etcd warns about anything wider
    ready: () =>
      askHttp(`${clientUrl}/health`, (body) => (/"health"\s*:\s*"?true/.test(body) ? undefined : `unhealthy: ${body.slice(0, 200)}`)),
  };
}
