import type { Command } from 'commander';
import { checksumsAnswerSchema, type ChecksumsAnswer } from '#contracts';
import type { PartStatus } from '#embedded-runtime';
import { askJson } from '../terminal/get-json.ts';
import { runtime, writtenTopology } from '../terminal/home.ts';
import { table } from '../terminal/table.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { compareRegions, type ProjectionComparison } from './compare-regions.ts';
import { mirrorLags, type MirrorLag } from './mirror-lag.ts';

interface ProjectorStatus {
  readonly part: string;
  readonly answer: ChecksumsAnswer | undefined;
  readonly error: string | undefined;
}

export function statusVerb(): Command {
  return verb('status', 'every part of every region, how far mirrors and projections are behind, and whether both regions agree')
    .option('--no-checksums', 'do not ask the projectors, which read whole tables for their checksums')
    .action((options: CommonOptions & { checksums: boolean }) => answerWith(options, () => status(options.checksums)));
}

/** Exit code 0: everything is ready and nothing differs. */
async function status(withChecksums: boolean): Promise<Answer> {
  const { phase, pid, startedAt, readyAfterMs, parts } = await runtime().status();
  const topology = await writtenTopology();
  const projectors = withChecksums ? await askProjectors(parts) : [];
  const answers = projectors.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  const projections = compareRegions(answers, Object.keys(topology.regions));
  const mirrors = await mirrorLags(topology);
  const sound = phase === 'ready' && parts.every(isSound) && projections.every(({ verdict }) => verdict !== 'different');
  return {
    value: { phase, pid, startedAt, readyAfterMs: readyAfterMs ?? null, parts, projectors, projections, mirrors },
    text: [
      `${phase} (pid ${pid}, since ${startedAt})`,
      partsTable(parts),
      mirrorsTable(mirrors),
      projectorsTable(projectors),
      projectionsTable(projections),
    ]
      .filter((section) => section !== '')
      .join('\n\n'),
    exitCode: sound ? 0 : 1,
  };
}

const isSound = ({ state, unready }: PartStatus): boolean => state === 'ready' && unready === undefined;

function partsTable(parts: readonly PartStatus[]): string {
  const rows = parts.map(({ name, state, unready, pid, ports, restarts }) => [
    name,
    unready === undefined ? state : 'unready',
    String(pid ?? '-'),
    ports.join(' ') || '-',
    String(restarts),
  ]);
  const reasons = parts.flatMap(({ name, unready }) => (unready === undefined ? [] : [`${name}: ${unready}`]));
  return [table([['PART', 'STATE', 'PID', 'LISTENS', 'RESTARTS'], ...rows]), ...reasons].join('\n');
}

const mirrorsTable = (mirrors: readonly MirrorLag[]): string =>
  table([
    ['MIRROR', 'IN', 'RECORDS', 'BEHIND BY'],
    ...mirrors.map(({ topic, region, sourceRecords, behind, error }) => [
      topic,
      region,
      String(sourceRecords ?? '-'),
      error ?? String(behind),
    ]),
  ]);

const projectorsTable = (projectors: readonly ProjectorStatus[]): string =>
  projectors.length === 0
    ? ''
    : table([
        ['PROJECTOR', 'ROLE', 'LAG', 'PARKED', 'TROUBLE'],
        ...projectors.map(({ part, answer, error }) => [
          part,
          answer?.role ?? '-',
          String(answer?.lagRecords ?? '-'),
          answer === undefined ? '-' : `${answer.parked.parked}, ${answer.parked.withheld} withheld`,
          error ?? troubleOf(answer),
        ]),
      ]);

const troubleOf = (answer: ChecksumsAnswer | undefined): string =>
  answer === undefined
    ? ''
    : [
        ...Object.entries(answer.stoppedShards).map(([shard, why]) => `${shard} stands still: ${why}`),
        ...(answer.lastError === null ? [] : [answer.lastError]),
      ].join('; ');

const projectionsTable = (projections: readonly ProjectionComparison[]): string =>
  projections.length === 0
    ? ''
    : table([
        ['PROJECTION', 'VERDICT', 'ROWS AND CHECKSUM BY REGION'],
        ...projections.map(({ projection, verdict, regions }) => [
          projection,
          verdict,
          Object.entries(regions)
            .map(([region, { rows, checksum }]) => `${region}: ${rows} ${checksum.slice(0, 12)}`)
            .join('   '),
        ]),
      ]);

async function askProjectors(parts: readonly PartStatus[]): Promise<readonly ProjectorStatus[]> {
  return Promise.all(
    projectorsAmong(parts).map(async ({ name, url }) => {
      try {
        return {
          part: name,
          answer: await askJson({ url: `${url}/internal/checksums`, answer: checksumsAnswerSchema, timeoutMs: 60_000 }),
          error: undefined,
        };
      } catch (error) {
        return { part: name, answer: undefined, error: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

/** The parts that keep projections: they alone serve `/internal/checksums`. */
export const projectorsAmong = (parts: readonly PartStatus[]): readonly (PartStatus & { readonly url: string })[] =>
  parts.filter(
    (part): part is PartStatus & { readonly url: string } =>
      part.name.endsWith('-projector') && part.url !== undefined && part.state !== 'missing',
  );
