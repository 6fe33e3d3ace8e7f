import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  assertJarsPresent,
  defaultKafkaJars,
  EmbeddedRuntime,
  ensurePrograms,
  type Extra,
  findDnsServer,
  preparePostgresBinaries,
  projectRoot,
  readSystem,
  renderLinks,
  renderPlan,
  renderTopology,
  requirements,
  runtimeHome,
  planName,
  prometheusPath,
  type Plan,
  type StepPlan,
  unprivilegedUser,
} from '#embedded-runtime';
import { regionsOf, type Topology } from '#contracts';
import { connectKafkaCluster, type LogCluster } from '#shard-log';
import { mintFor } from '../token/mint.ts';
import { installJars } from './install-jars.ts';
import { loadSampleCatalogue } from './sample-catalogue.ts';

export interface SystemOptions {
  readonly fresh: boolean;
  /** Load the sample catalogue, once everything is ready. */
  readonly sample: boolean;
  readonly instances: number | undefined;
  /** Describes the system; default: `deploy/topology/embedded.json`. */
  readonly file: string | undefined;
  readonly with: readonly Extra[];
  readonly report: (line: string) => void;
}

/** Sees to the programs that the machine must have, and puts the runtime together; nothing runs yet. */
export async function assembleRuntime({ fresh, sample, instances, file, with: extras, report }: SystemOptions): Promise<EmbeddedRuntime> {
  const root = projectRoot();
  const home = runtimeHome();
  const described = await readSystem(file ?? join(root, 'deploy', 'topology', 'embedded.json'));
  const system = instances === undefined ? described : { ...described, instances };
  const jars = defaultKafkaJars();
  await ensurePrograms({ needed: requirements({ jarsArePresent: existsSync(jars.folder), extras }), report });
  if (!existsSync(jars.folder)) await installJars(root, report);
  assertJarsPresent(jars);
  const postgres = await preparePostgresBinaries();
  const user = await unprivilegedUser();
  const dns = await findDnsServer();
  const prometheus = extras.includes('prometheus') ? prometheusPath() : undefined;
  const topology = renderTopology(system);
  return new EmbeddedRuntime({
    home,
    fresh,
    report,
    topology,
    identity: { host: system.outside.address, port: system.outside.identity },
    plan: async () => {
      const plan = await renderPlan({ system, home, projectRoot: root, postgres, user, dns, prometheus, createTopics });
      return sample ? [...plan, sampleStep(plan, topology, report)] : plan;
    },
    links: (etcdPids) => renderLinks(system, etcdPids),
  });
}

function sampleStep(plan: Plan, topology: Topology, report: (line: string) => void): StepPlan {
  return {
    kind: 'step',
    name: 'sample-catalogue',
    needs: plan.map(planName),
    run: async (signal) => {
      const storefront = plan.find(
        (item) => item.kind === 'part' && item.spec.name.endsWith('.storefront-api') && item.missing?.() === undefined,
      );
      if (storefront?.kind !== 'part' || storefront.url === undefined)
        return report('the sample catalogue is not loaded: there is no storefront');
      const operatorToken = await mintFor(topology, { subject: 'operator', roles: ['operator'], validForSeconds: 600 });
      await loadSampleCatalogue({ storefront: storefront.url, regions: regionsOf(topology), operatorToken, signal });
      return report('sample catalogue: loaded');
    },
  };
}

async function createTopics(brokers: readonly string[], topics: Parameters<LogCluster['createTopics']>[0]): Promise<void> {
  const cluster = connectKafkaCluster({ brokers, clientId: 'evenkeel-runtime' });
  try {
    await cluster.createTopics(topics);
  } finally {
    await cluster.close();
  }
}
