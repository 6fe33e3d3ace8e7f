import { describe, expect, it } from 'vitest';
import { customerId, homeOf, murmur2, partitionOf, region } from './index.ts';

describe('partitions equal those of a Java producer', () => {
  // Vectors of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('murmur2(%s)', (text, hash) => {
    expect(murmur2(text)).toBe(hash);
  });

  it('stays within the partitions', () => {
    for (let i = 0; i < 1000; i++) expect(partitionOf(`key-${i}`, 6)).toBeLessThan(6);
  });
});

it('a customer has one home, whatever happens to the regions', () => {
  const topology = { homes: [region('east'), region('west')] };
  const homes = Array.from({ length: 1000 }, (_, i) => homeOf(topology, customerId(`c${i}`)));
  expect(new Set(homes)).toEqual(new Set(['east', 'west']));
  expect(homeOf({ homes: [region('east')] }, customerId('anyone'))).toBe('east');
});
