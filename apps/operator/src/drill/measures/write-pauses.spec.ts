import { expect, it } from 'vitest';
import { region, type ShardId } from '#contracts';
import { writePauses, type LogMark } from './write-pauses.ts';

const shard = 'order.east.0' as ShardId;
const mark = (kind: LogMark['kind'], name: string, term: number, atMs: number): LogMark => ({
  kind,
  region: region(name),
  shard,
  term,
  atMs,
});

it('a pause is from the first close of a term to the fence of the next one', () => {
  const marks = [
    mark('fence', 'east', 1, 0),
    mark('fence', 'west', 2, 1_180),
    mark('close', 'east', 1, 1_000),
    mark('close', 'east', 1, 1_100), // another agent's, later: the shard was closed already
    mark('close', 'west', 2, 5_000),
    mark('fence', 'east', 3, 5_300),
    mark('fence', 'east', 3, 9_000), // a restart of the writer is no change of owner
  ];
  expect(writePauses(marks)).toEqual([
    { shard, from: 'east', to: 'west', closedTerm: 1, openedTerm: 2, ms: 180 },
    { shard, from: 'west', to: 'east', closedTerm: 2, openedTerm: 3, ms: 300 },
  ]);
});

it('a shard that nobody has opened since is without a writer for ever', () => {
  expect(writePauses([mark('close', 'east', 1, 1_000)])).toMatchObject([{ ms: Infinity }]);
  expect(writePauses([mark('fence', 'west', 2, 1_000)])).toEqual([]);
});
