/**
 * A small system under a real supervisor, as a process of its own that tests can signal and kill: three etcd members behind their
 * peer links, a PostgreSQL, and a dummy Node part. `node --conditions=source runtime.host.ts HOME ADDRESS-PREFIX DUMMY`.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  EmbeddedRuntime,
  etcdProgram,
  nodeProgram,
  postgresProgram,
  preparePostgresBinaries,
  projectRoot,
  renderLinks,
  renderTopology,
  runForeground,
  runtimeHome,
  systemSchema,
  unprivilegedUser,
  type Plan,
  type System,
} from '#embedded-runtime';
import embedded from '../../deploy/topology/embedded.json' with { type: 'json' };

const [root, prefix, dummy] = process.argv.slice(2) as [string, string, string];
const home = runtimeHome(root);
const system: System = systemSchema.parse({
  ...embedded,
  regions: embedded.regions.map((region, index) => ({ ...region, address: `${prefix}.${index + 2}` })),
  witness: { ...embedded.witness, address: `${prefix}.4` },
  outside: { ...embedded.outside, address: `${prefix}.1` },
});
const [east, west] = system.regions as [System['regions'][number], System['regions'][number]];

async function plan(): Promise<Plan> {
  const user = await unprivilegedUser();
  const binaries = await preparePostgresBinaries();
  const members = [east, west, system.witness];
  const { etcdClient, etcdPeer, postgres, order } = system.ports;
  const listen = { host: east.address, port: order };
  return [
    ...members.map((member) => ({
      kind: 'part' as const,
      region: member.name,
      spec: etcdProgram({ system, member, members, dataDir: join(home.data, `${member.name}.etcd`) }),
      needs: [],
      stopsAfter: members.slice(members.indexOf(member) + 1).map(({ name }) => `${name}.etcd`),
      listens: [etcdClient, etcdPeer].map((port) => ({ host: member.address, port })),
    })),
    {
      kind: 'part',
      region: east.name,
      spec: await postgresProgram({
        name: 'east.postgres',
        address: east.address,
        port: postgres,
        dataDir: join(home.data, 'east.postgres'),
        binaries,
        ...(user === undefined ? {} : { user }),
      }),
      needs: [],
      listens: [{ host: east.address, port: postgres }],
    },
    {
      kind: 'part',
      region: east.name,
      spec: nodeProgram({
        name: 'east.dummy',
        file: fileURLToPath(new URL('runtime.dummy.mjs', import.meta.url)),
        projectRoot: projectRoot(),
        listen,
        env: { EVENKEEL_DUMMY: dummy },
        dataDir: join(home.data, 'east.dummy'),
      }),
      needs: ['east.postgres', 'east.etcd'],
      listens: [listen],
      url: `http://${listen.host}:${listen.port}`,
    },
  ];
}

const report = (line: string): void => void process.stdout.write(`${line}\n`);
const runtime = new EmbeddedRuntime({
  home,
  fresh: false,
  report,
  topology: renderTopology(system),
  identity: { host: system.outside.address, port: system.outside.identity },
  plan,
  links: (pids) => renderLinks(system, pids),
});
process.exitCode = await runForeground(runtime, {
  report,
  onReady: async () => report('READY'),
});
