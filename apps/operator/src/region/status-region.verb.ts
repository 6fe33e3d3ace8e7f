import type { Command } from 'commander';
import { regionListAnswerSchema, regionsOf, type RegionRead, type Topology } from '#contracts';
import { askJson } from '../terminal/get-json.ts';
import { writtenTopology } from '../terminal/home.ts';
import { table } from '../terminal/table.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { askAgents, statusInWords, type AskedAgent } from './agents.ts';

const askTimeoutMs = 3_000;

export const statusRegionVerb = (): Command =>
  verb('status', 'who owns what, what each agent is doing and why, and who serves').action((options: CommonOptions) =>
    answerWith(options, status),
  );

/** Exit code 0: paired, every region serves and owns its home. */
async function status(): Promise<Answer> {
  const topology = await writtenTopology();
  const [agents, owners] = await Promise.all([askAgents(topology), askOwners(topology)]);
  const newest = newestLineage(agents);
  const awaited = agents.flatMap(({ region, status: of }) =>
    of?.procedure?.awaitsPerson === true ? [`${region}: ${of.procedure.because}`] : [],
  );
  const sound =
    newest?.status.status === 'paired' &&
    agents.every(({ status: of }) => of?.serving.serving === true) &&
    (owners ?? []).every(({ region, isHome, ownsHomes }) => !isHome || ownsHomes.includes(region));
  return {
    value: { lineage: newest ?? null, agents, owners: owners ?? null, awaitsPerson: awaited },
    text: [
      newest === undefined
        ? 'no agent knows the lineage'
        : `${statusInWords(newest.status)}, term ${newest.term}, revision ${newest.revision}`,
      agentsTable(agents),
      ownersTable(owners ?? []),
      ...awaited.map((why) => `WAITS FOR A PERSON  ${why}`),
    ]
      .filter((section) => section !== '')
      .join('\n\n'),
    exitCode: sound ? 0 : 1,
  };
}

/** The highest revision that any agent has read: what stands in etcd, or what stood there when it last had a majority. */
export function newestLineage(agents: readonly AskedAgent[]): NonNullable<AskedAgent['status']>['lineage'] {
  return agents
    .flatMap(({ status: of }) => (of?.lineage === undefined ? [] : [of.lineage]))
    .sort((a, b) => b.revision - a.revision || b.term - a.term)[0];
}

/** Who owns whose home, as the first edge that answers has it. */
export async function askOwners(topology: Topology): Promise<readonly RegionRead[] | undefined> {
  for (const region of regionsOf(topology))
    for (const url of topology.regions[region]?.services.storefront ?? []) {
      const answer = await askJson({ url: `${url}/v1/regions`, answer: regionListAnswerSchema, timeoutMs: askTimeoutMs }).catch(
        () => undefined,
      );
      if (answer !== undefined) return answer.regions;
    }
  return undefined; // no edge answers: the agents' part of the answer says why
}

const agentsTable = (agents: readonly AskedAgent[]): string =>
  table([
    ['REGION', 'AGENT', 'STANDING', 'SERVES', 'STEP', 'BECAUSE'],
    ...agents.map(({ region, url, status: of, error }) => [
      region,
      of === undefined ? url : String(of.instance),
      of?.standing ?? 'silent',
      of === undefined ? '-' : of.serving.serving ? 'yes' : 'no',
      of?.procedure === undefined ? '-' : `${of.procedure.step} (${of.procedure.procedure})`,
      error ??
        [of?.procedure?.because, of?.serving.serving === false ? `not serving: ${of.serving.because}` : undefined, ...troubles(of)]
          .filter(Boolean)
          .join('; '),
    ]),
  ]);

const troubles = (of: AskedAgent['status']): readonly string[] =>
  of === undefined ? [] : Object.entries(of.problems).map(([part, reason]) => `${part}: ${reason}`);

const ownersTable = (owners: readonly RegionRead[]): string =>
  owners.length === 0
    ? ''
    : table([
        ['REGION', 'HOME', 'SERVES', 'OWNS ALL OF'],
        ...owners.map(({ region, isHome, serves, ownsHomes }) => [
          region,
          isHome ? 'yes' : 'no',
          serves ? 'yes' : 'no',
          ownsHomes.join(', ') || '-',
        ]),
      ]);
