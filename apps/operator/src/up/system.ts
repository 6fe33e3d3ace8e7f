import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  assertJarsPresent,
  defaultKafkaJars,
  EmbeddedRuntime,
  ensurePrograms,
  preparePostgresBinaries,
  projectRoot,
  readSystem,
  renderLinks,
  renderPlan,
  renderTopology,
  requirements,
  runtimeHome,
  unprivilegedUser,
} from '#embedded-runtime';
import { connectKafkaCluster, type LogCluster } from '#shard-log';
import { installJars } from './install-jars.ts';

export interface SystemOptions {
  readonly fresh: boolean;
  readonly instances: number | undefined;
  /** Describes the system; default: `deploy/topology/embedded.json`. */
  readonly file: string | undefined;
  readonly report: (line: string) => void;
}

/** Sees to the programs that the machine must have, and puts the runtime together; nothing runs yet. */
export async function assembleRuntime({ fresh, instances, file, report }: SystemOptions): Promise<EmbeddedRuntime> {
  const root = projectRoot();
  const home = runtimeHome();
  const described = await readSystem(file ?? join(root, 'deploy', 'topology', 'embedded.json'));
  const system = instances === undefined ? described : { ...described, instances };
  const jars = defaultKafkaJars();
  await ensurePrograms({ needed: requirements({ jarsArePresent: existsSync(jars.folder) }), report });
  if (!existsSync(jars.folder)) await installJars(root, report);
  assertJarsPresent(jars);
  const postgres = await preparePostgresBinaries();
  const user = await unprivilegedUser();
  return new EmbeddedRuntime({
    home,
    fresh,
    report,
    topology: renderTopology(system),
    identity: { host: system.outside.address, port: system.outside.identity },
    plan: () => renderPlan({ system, home, projectRoot: root, postgres, user, createTopics }),
    links: (etcdPids) => renderLinks(system, etcdPids),
  });
}

async function createTopics(brokers: readonly string[], topics: Parameters<LogCluster['createTopics']>[0]): Promise<void> {
  const cluster = connectKafkaCluster({ brokers, clientId: 'evenkeel-runtime' });
  try {
    await cluster.createTopics(topics);
  } finally {
    await cluster.close();
  }
}
