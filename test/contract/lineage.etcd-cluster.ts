import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { region, type Region } from '#contracts';
import { etcdMemberId, startLinks, type Links } from '#embedded-runtime';
import { eventually, freePorts } from '#test-kit';

export const sites = [region('east'), region('west'), region('witness')] as const;
const host = '127.0.0.1';
const token = 'lineage-contract';

export interface EtcdCluster {
  readonly links: Links;
  clientUrl(site: Region): string;
  /** As derived from its URL and the cluster's token. */
  memberId(site: Region): string;
  /** SIGKILL, and start again on the same data. */
  kill(site: Region): Promise<void>;
  restart(site: Region): Promise<void>;
  close(): Promise<void>;
}

/** Three real members in a temporary directory; each is known to the others by a link's address, as in the embedded runtime. */
export async function startEtcdCluster(): Promise<EtcdCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-etcd-'));
  const ports = await freePorts(sites.length * 3);
  const members = new Map(
    sites.map((site, index) => [site, { client: ports[index * 3]!, peer: ports[index * 3 + 1]!, link: ports[index * 3 + 2]! }]),
  );
  const peerUrl = (site: Region): string => `http://${host}:${members.get(site)!.link}`;
  const memberId = (site: Region): string => etcdMemberId([peerUrl(site)], token);
  const processes = new Map<Region, ChildProcess>();
  const links = await startLinks(
    sites.map((to) => ({
      kind: 'etcd-peer' as const,
      name: `etcd-${to}`,
      to,
      listen: { host, port: members.get(to)!.link },
      target: { host, port: members.get(to)!.peer },
      dialers: new Map(sites.filter((site) => site !== to).map((site) => [memberId(site), site])),
      dialerPids: () => new Map([...processes].map(([site, child]) => [child.pid!, site])),
    })),
  );
  const clientUrl = (site: Region): string => `http://${host}:${members.get(site)!.client}`;
  const start = (site: Region): void => {
    const child = spawn(
      'etcd',
      [
        `--name=${site}`,
        `--data-dir=${join(directory, site)}`,
        `--initial-cluster-token=${token}`,
        '--initial-cluster-state=new',
        `--listen-client-urls=${clientUrl(site)}`,
        `--advertise-client-urls=${clientUrl(site)}`,
        `--listen-peer-urls=http://${host}:${members.get(site)!.peer}`,
        `--initial-advertise-peer-urls=${peerUrl(site)}`,
        `--initial-cluster=${sites.map((name) => `${name}=${peerUrl(name)}`).join(',')}`,
        '--heartbeat-interval=100',
        '--election-timeout=2000', // the links are in this process: it may stand still for a second without costing an election
        '--logger=zap',
        '--log-level=error',
      ],
      { stdio: ['ignore', 'ignore', process.env['ETCD_LOG'] === undefined ? 'ignore' : 'inherit'] },
    );
    processes.set(site, child);
  };
  const kill = async (site: Region): Promise<void> => {
    const child = processes.get(site);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    processes.delete(site);
  };
  const healthy = (site: Region): Promise<boolean> =>
    eventually(
      async () => {
        const response = await fetch(`${clientUrl(site)}/health`, { signal: AbortSignal.timeout(1_000) });
        return ((await response.json()) as { health: string }).health === 'true';
      },
      { withinMs: 45_000 },
    );
  const close = async (): Promise<void> => {
    await Promise.all(sites.map(kill));
    await links.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (const site of sites) start(site);
    await Promise.all(sites.map(healthy));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    links,
    clientUrl,
    memberId,
    kill,
    restart: async (site) => {
      start(site);
      await healthy(site);
    },
    close,
  };
}
