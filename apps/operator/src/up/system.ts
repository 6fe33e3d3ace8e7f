import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  assertJarsPresent, defaultKafkaJars, EmbeddedRuntime, ensurePrograms, preparePostgresBinaries, projectRoot, readSystem, renderLinks, renderPlan,
  renderTopology, requirements, runtimeHome, unprivilegedUser, type System,
} from '#embedded-runtime';
import { connectKafkaCluster, type LogCluster } from '#shard-log';
import { installJars } from './install-jars.ts';

export interface SystemOptions {
  readonly fresh: boolean;
  readonly instances: number | undefined;
  readonly report: (line: string) => void;
}

/** The system that this checkout describes. */
export async function embeddedSystem(instances?: number): Promise<System> {
  const system = await readSystem(join(projectRoot(), 'deploy', 'topology', 'embedded.json'));
  return instances === undefined ? system : { ...system, instances };
}

/** Sees to the programs that the machine must have, and puts the runtime together; nothing runs yet. */
export async function assembleRuntime({ fresh, instances, report }: SystemOptions): Promise<EmbeddedRuntime> {
  const root = projectRoot();
  const home = runtimeHome();
  const system = await embeddedSystem(instances);
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
