import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignPartitions } from './assign-partitions.ts';

describe('sharing partitions out', () => {
  it('gives every partition to exactly one member, evenly, whatever they had', () => {
    const members = fc.uniqueArray(fc.record({ id: fc.stringMatching(/^[a-z]{1,4}$/), had: fc.array(fc.nat(40)) }), {
      selector: ({ id }) => id,
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(members, fc.nat(40), (group, partitions) => {
        const shares = assignPartitions(group, partitions);
        expect([...shares.values()].flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, index) => index));
        const sizes = [...shares.values()].map((share) => share.length);
        expect(sizes).toHaveLength(group.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves nothing when the same members come again', () => {
    const before = assignPartitions(
      [
        { id: 'a', had: [] },
        { id: 'b', had: [] },
      ],
      7,
    );
    const again = assignPartitions(
      [...before].map(([id, had]) => ({ id, had })),
      7,
    );
    expect(again).toEqual(before);
  });

  it('gives the survivor all and leaves it what it had', () => {
    expect(assignPartitions([{ id: 'b', had: [1, 3, 5] }], 6).get('b')).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('takes from the one that has all only what the newcomer needs', () => {
    const shares = assignPartitions(
      [
        { id: 'new', had: [] },
        { id: 'old', had: [0, 1, 2, 3, 4, 5] },
      ],
      6,
    );
    expect(shares.get('old')).toEqual([0, 1, 2]);
    expect(shares.get('new')).toEqual([3, 4, 5]);
  });
});
