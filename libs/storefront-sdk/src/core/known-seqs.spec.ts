import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeToken, encodeToken, type ShardId, type ShardSeqs } from '#contracts/browser';
import { learnToken, nothingKnown, tokenOf } from './known-seqs.ts';

const shards = fc
  .tuple(fc.constantFrom('order', 'inventory', 'payment'), fc.constantFrom('east', 'west'), fc.nat(300))
  .map((parts) => parts.join('.') as ShardId);
const tokens = fc.array(
  fc.array(fc.tuple(shards, fc.nat(1_000_000)), { minLength: 1, maxLength: 20 }).map((seqs) => Object.fromEntries(seqs) as ShardSeqs),
  { maxLength: 30 },
);
const learnAll = (all: readonly ShardSeqs[], lengthMax?: number) =>
  all.reduce((known, seqs) => learnToken(known, encodeToken(seqs), lengthMax), nothingKnown);

it('shows the highest seq of every shard that it was told of, in whatever order', () => {
  fc.assert(
    fc.property(tokens, (all) => {
      const highest: Record<string, number> = {};
      for (const seqs of all) for (const [shard, seq] of Object.entries(seqs)) highest[shard] = Math.max(seq, highest[shard] ?? 0);
      const token = tokenOf(learnAll(all, 1_000_000));
      expect(token === undefined ? {} : JSON.parse(atob(token.slice(3).replaceAll('-', '+').replaceAll('_', '/')))).toEqual(highest);
      expect(Object.fromEntries(learnAll(all.toReversed(), 1_000_000))).toEqual(highest);
    }),
  );
});

it('stays within what the API takes, and forgets first what did not move for longest', () => {
  fc.assert(
    fc.property(tokens, fc.integer({ min: 100, max: 900 }), (all, lengthMax) => {
      const known = learnAll(all, lengthMax);
      if (all.length === 0) return;
      expect(tokenOf(known)!.length).toBeLessThanOrEqual(lengthMax);
      expect(decodeToken(tokenOf(known)!)).toEqual(Object.fromEntries(known));
    }),
  );
  const two = learnAll([{ 'order.east.1': 5 }, { 'order.east.2': 6 }, { 'order.east.1': 7 }] as ShardSeqs[]);
  expect([...learnToken(two, encodeToken({ 'order.east.3': 1 } as ShardSeqs), 60).keys()]).toEqual(['order.east.1', 'order.east.3']);
});

it.each(['', 'v2.abc', 'v1.!', 'v1.e30x', `v1.${'A'.repeat(5_000)}`])('a text that is no token tells nothing: %.20s', (text) => {
  expect(learnToken(nothingKnown, text)).toBe(nothingKnown);
});
