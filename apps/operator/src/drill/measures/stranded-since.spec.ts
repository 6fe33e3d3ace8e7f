import { expect, it } from 'vitest';
import { commandId, region } from '#contracts';
import { strandedSince, type StrandedThere } from './stranded-since.ts';

const commit = (where: string, seq: number, command: string, offered: StrandedThere['offered'] = 'not-yet'): StrandedThere => ({
  region: region(where),
  shard: 'order.east.0',
  term: 3,
  seq,
  commandId: commandId(command),
  streams: [],
  events: ['OrderPlaced'],
  origin: 'outside',
  offered,
  because: 'a test',
});

it('leaves out what was stranded before, whatever has become of it since', () => {
  const before = [commit('east', 7, 'a')];
  const since = [commit('east', 8, 'b'), commit('west', 7, 'a'), commit('east', 7, 'c')]; // a seq is another commit's in another log, or of another writer
  expect(strandedSince(before, [commit('east', 7, 'a', 'offered'), ...since])).toEqual(since);
  expect(strandedSince(before, before)).toEqual([]);
});
