import { expect, it } from 'vitest';
import { region } from '#contracts';
import { areFollowed } from './followed-peers.ts';

const west = region('west');
const [nowMs, epochMs] = [100_000, 1_700_000_000_000];
const heard = (agoMs: number, writtenAgoMs: number) => ({ atMs: nowMs - agoMs, writtenAtMs: epochMs - writtenAgoMs });

it.each([
  ['what is written now comes', true, heard(400, 500), true],
  ['it lives, and is not heard: the mirror here is dead, and shows no lag', true, undefined, false],
  ['it lives, and was heard before', true, heard(2_000, 2_100), false],
  ['what comes was written long ago: the mirror catches up', true, heard(100, 5_000), false],
  ['it is gone, and silent', false, undefined, true],
  ['it is gone, and was heard before', false, heard(2_000, 2_100), true],
  ['it is gone, and what it wrote last still comes', false, heard(100, 60_000), false],
])('%s', (_, hasLease, last, followed) => {
  expect(areFollowed([{ region: west, hasLease, heard: last }], nowMs, epochMs)).toBe(followed);
});
