import type { Command } from 'commander';
import { z } from 'zod';
import { historyEntriesMax, type HistoryEntry } from '#contracts';
import { writtenTopology } from '../terminal/home.ts';
import { table } from '../terminal/table.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { readHistory, regionNamed } from './agents.ts';

const limitSchema = z.coerce.number().int().min(1).max(historyEntriesMax);

interface HistoryOptions extends CommonOptions {
  readonly limit: string;
}

export const historyRegionVerb = (): Command =>
  verb('history [region]', 'what happened to the regions and why, oldest first')
    .option('--limit <n>', `the newest n, at most ${historyEntriesMax}`, '100')
    .action((region: string | undefined, options: HistoryOptions) =>
      answerWith(options, () => history(region, limitSchema.parse(options.limit))),
    );

/** Exit code 1: a region did not tell its part. */
async function history(name: string | undefined, limit: number): Promise<Answer> {
  const topology = await writtenTopology();
  const only = name === undefined ? undefined : regionNamed(topology, name);
  const { entries, silent } = await readHistory(topology, limit);
  const told = entries.filter(({ region }) => only === undefined || region === only);
  const missing = silent.filter(({ region }) => only === undefined || region === only);
  return {
    value: { entries: told, silent: missing },
    text: [historyTable(told), ...missing.map(({ region, error }) => `${region} does not tell its part: ${error}`)].join('\n'),
    exitCode: missing.length === 0 ? 0 : 1,
  };
}

export const historyTable = (entries: readonly HistoryEntry[]): string =>
  table([
    ['AT', 'REGION', 'TERM', 'EVENT', 'TOOK', 'BECAUSE'],
    ...entries.map(({ at, region, instance, term, event, tookMs, because }) => [
      at,
      `${region}/${instance}`,
      String(term),
      event,
      tookMs === undefined ? '' : `${Math.round(tookMs)} ms`,
      because,
    ]),
  ]);
