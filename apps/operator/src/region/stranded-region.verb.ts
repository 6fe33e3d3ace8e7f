import type { Command } from 'commander';
import { writtenTopology } from '../terminal/home.ts';
import { table } from '../terminal/table.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { readStranded, type StrandedByRegion } from './agents.ts';

export const strandedRegionVerb = (): Command =>
  verb('stranded', 'commits that were written and never settled, and what became of each').action((options: CommonOptions) =>
    answerWith(options, stranded),
  );

/** Exit code 1: something from outside still waits to be offered again, or a region does not tell. */
async function stranded(): Promise<Answer> {
  const { commits, silent } = await readStranded(await writtenTopology());
  const waiting = commits.filter(({ offered }) => offered === 'not-yet');
  return {
    value: { commits, silent },
    text: [
      commits.length === 0 ? 'nothing is stranded' : strandedTable(commits),
      ...silent.map(({ region, error }) => `${region} does not tell its part: ${error}`),
    ].join('\n'),
    exitCode: waiting.length === 0 && silent.length === 0 ? 0 : 1,
  };
}

const strandedTable = (commits: StrandedByRegion['commits']): string =>
  table([
    ['IN', 'SHARD', 'TERM', 'SEQ', 'COMMAND', 'EVENTS', 'ORIGIN', 'OFFERED', 'BECAUSE'],
    ...commits.map(({ region, shard, term, seq, commandId, events, origin, offered, because }) => [
      region,
      shard,
      String(term),
      String(seq),
      commandId,
      events.join(' '),
      origin,
      offered,
      because,
    ]),
  ]);
