import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamCache } from './stream-cache.ts';

/** Every event names its stream and adds to it. */
type Added = { readonly to: string; readonly amount: number };
const adder = {
  streamsChangedBy: (event: Added) => [event.to],
  initialState: () => 0,
  evolve: (_: string, state: number, event: Added) => state + event.amount,
};

describe('a stream that is not in memory', () => {
  it('is absent when the whole log has passed', () => {
    const cache = new StreamCache(adder, 0);
    expect(cache.missing(['a'])).toEqual([]);
    expect(cache.stateOf('a')).toBe(0);
  });

  it('is loaded first when only the end of the log has passed', () => {
    const cache = new StreamCache(adder, 5);
    cache.apply(6, ['a'], () => [{ to: 'a', amount: 1 }]);
    expect(cache.missing(['a'])).toEqual(['a']);
    expect(() => cache.stateOf('a')).toThrow(/without having been loaded/);
    expect(cache.fill(['a'], { persistedSeq: 5, streams: [{ streamId: 'a', seq: 4, state: 10 }], blocked: [] })).toBe(true);
    expect(cache.stateOf('a')).toBe(11);
  });

  it('is not taken from a store that stands behind what was dropped', () => {
    const cache = new StreamCache(adder, 5);
    expect(cache.fill(['a'], { persistedSeq: 4, streams: [], blocked: [] })).toBe(false);
  });
});

it('a busy stream that is only seen passing keeps no more commits in memory than the store lacks', () => {
  const cache = new StreamCache(adder, 0);
  for (let seq = 1; seq <= 100; seq += 1) cache.apply(seq, ['a'], () => [{ to: 'a', amount: 1 }]);
  cache.evict(90, 0);
  expect(cache.weight).toBe(1 + 10);
  expect(cache.fill(['a'], { persistedSeq: 89, streams: [{ streamId: 'a', seq: 89, state: 89 }], blocked: [] })).toBe(false);
  expect(cache.fill(['a'], { persistedSeq: 90, streams: [{ streamId: 'a', seq: 90, state: 90 }], blocked: [] })).toBe(true);
  expect([cache.stateOf('a'), cache.weight]).toEqual([100, 1]);
});

it('a commit that cannot be read blocks the streams that it names, until the store is asked again', () => {
  const cache = new StreamCache(adder, 0);
  cache.apply(1, ['a', 'b'], () => undefined);
  expect(cache.missing(['a', 'b', 'c'])).toEqual([]);
  expect([cache.isBlocked('a'), cache.isBlocked('b'), cache.isBlocked('c')]).toEqual([true, true, false]);
  cache.reloadBlocked();
  expect(cache.missing(['a'])).toEqual(['a']);
});

it('whatever is dropped, loaded and stored when, a state is the fold of all its commits', () => {
  const commit = fc.record({ to: fc.constantFrom('a', 'b', 'c', 'd'), amount: fc.integer({ min: 1, max: 9 }) });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('commit' as const), event: commit }),
    fc.record({ kind: fc.constant('persist' as const) }),
    fc.record({ kind: fc.constant('evict' as const), keep: fc.nat(3) }),
    fc.record({ kind: fc.constant('drop all' as const) }),
    fc.record({ kind: fc.constant('read' as const), id: fc.constantFrom('a', 'b', 'c', 'd') }),
  );
  fc.assert(
    fc.property(fc.array(commit, { maxLength: 5 }), fc.array(step, { maxLength: 40 }), (before, steps) => {
      const log: Added[] = [...before];
      let persisted = before.length;
      const cache = new StreamCache(adder, before.length);
      const total = (id: string, upTo: number): number =>
        log.slice(0, upTo).reduce((sum, event) => (event.to === id ? sum + event.amount : sum), 0);
      const lastSeq = (id: string, upTo: number): number => log.slice(0, upTo).findLastIndex((event) => event.to === id) + 1;
      for (const next of steps) {
        if (next.kind === 'commit') cache.apply(log.push(next.event), [next.event.to], () => [next.event]);
        else if (next.kind === 'persist') persisted = log.length;
        else if (next.kind === 'evict') {
          cache.evict(persisted, next.keep);
          if (persisted === log.length) expect(cache.weight).toBeLessThanOrEqual(next.keep);
        } else if (next.kind === 'drop all') {
          cache.restart(log.length);
          expect(cache.weight).toBe(0);
        } else {
          if (!cache.fill([], { persistedSeq: persisted, streams: [], blocked: [] })) persisted = log.length; // it waits for the store
          const missing = cache.missing([next.id]);
          const streams = missing
            .filter((id) => lastSeq(id, persisted) > 0)
            .map((streamId) => ({ streamId, seq: lastSeq(streamId, persisted), state: total(streamId, persisted) }));
          expect(cache.fill(missing, { persistedSeq: persisted, streams, blocked: [] })).toBe(true);
          expect(cache.stateOf(next.id)).toBe(total(next.id, log.length));
          expect(cache.seqOf(next.id)).toBe(lastSeq(next.id, log.length));
        }
      }
    }),
  );
});
