import { expect, test } from 'vitest';
import type { ChecksumsAnswer } from '#contracts';
import { compareRegions } from './compare-regions.ts';

const answer = (region: string, checksum: string, seq: number): ChecksumsAnswer => ({
  service: 'order',
  region,
  role: 'leader',
  projections: { orders: { rows: 1, checksum } },
  progress: { 'order.east.0': seq },
  lagRecords: 0,
  parked: { parked: 0, withheld: 0 },
  stoppedShards: {},
  lastError: null,
});
const verdict = (...answers: ChecksumsAnswer[]): string | undefined => compareRegions(answers, ['east', 'west'])[0]?.verdict;

test('checksums differ for good only when both regions have read equally far', () => {
  expect(verdict(answer('east', 'a', 1), answer('west', 'a', 1))).toBe('equal');
  expect(verdict(answer('east', 'a', 1), answer('west', 'b', 1))).toBe('different');
  expect(verdict(answer('east', 'a', 1), answer('west', 'b', 2))).toBe('unknown');
  expect(verdict(answer('east', 'a', 1))).toBe('unknown');
});
