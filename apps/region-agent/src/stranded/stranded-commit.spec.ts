import { expect, it } from 'vitest';
import { region, type Lineage, type Region, type Segment } from '#contracts';
import { isReturning } from './stranded-commit.ts';

const [east, west, south] = [region('east'), region('west'), region('south')];
const held = (owner: Region, mirror: Region): Segment[] => [
  { term: 1, owner: east, base: 0, mode: 'paired', mirror: west },
  { term: 2, owner, base: 4, mode: 'paired', mirror },
];
const lineage = (status: Lineage['status'], owner: Region, mirror: Region): Lineage => ({
  term: 2,
  status,
  shards: { 'order.east.0': held(owner, mirror) },
});

it.each<[string, boolean, Lineage]>([
  ['while another region goes on alone', true, lineage({ status: 'solo', region: west }, west, east)],
  ['while it is taken back', true, lineage({ status: 'rejoining', region: east }, west, east)],
  ['while the others are paired again without it, of more than two', true, lineage({ status: 'paired' }, west, south)],
  ['not while it goes on alone itself', false, lineage({ status: 'solo', region: east }, east, west)],
  ['not while another one is taken back', false, lineage({ status: 'rejoining', region: west }, east, west)],
  ['not while it is one of a pair, and owns nothing', false, lineage({ status: 'paired' }, west, east)],
])('what a region has stranded is looked for %s', (_, isOnItsWayBack, known) => {
  expect(isReturning(known, east)).toBe(isOnItsWayBack);
});
