import { expect, it } from 'vitest';
import type { ReadingEvent } from '../core/reading-events.ts';
import { UnsettledCommits, type OwnSettled } from './unsettled-commits.ts';

const event = (type: 'accepted' | 'settled', seq: number): ReadingEvent => ({ type, commit: { seq } }) as never;
const stranded = (seq: number, wasAccepted: boolean): ReadingEvent => ({ type: 'stranded', commit: { seq }, wasAccepted }) as never;

function watched() {
  const commits = new UnsettledCommits<string>();
  const settled: OwnSettled<string>[] = [];
  return {
    commits,
    settled,
    follow: (nowMs: number, ...events: ReadingEvent[]) => commits.follow(events, nowMs, (own) => settled.push(own)),
    stands: () => [commits.count, commits.oldestSinceMs],
  };
}

it('what is accepted waits until it is settled; the oldest says since when', () => {
  const { follow, stands } = watched();
  follow(100, event('accepted', 1), event('accepted', 2));
  follow(150, event('accepted', 3));
  expect(stands()).toEqual([3, 100]);
  follow(200, event('settled', 1), event('settled', 2));
  expect(stands()).toEqual([1, 150]);
  follow(210, event('settled', 3));
  expect(stands()).toEqual([0, undefined]);
});

it('only what this process wrote is told as settled, once, with how long it waited', () => {
  const { commits, settled, follow } = watched();
  follow(100, event('accepted', 1));
  commits.wrote(2, ['mine']);
  follow(110, event('accepted', 2), event('accepted', 3));
  follow(170, event('settled', 1), event('settled', 2), event('settled', 3));
  expect(settled).toEqual([{ events: ['mine'], waitedMs: 60 }]);
});

it('what settles in a solo segment never waits', () => {
  const { commits, settled, follow, stands } = watched();
  commits.wrote(1, ['mine']);
  follow(100, event('accepted', 1), event('settled', 1));
  expect([settled, stands()]).toEqual([[{ events: ['mine'], waitedMs: 0 }], [0, undefined]]);
});

it('what a takeover strands waits no more, and was never settled', () => {
  const { commits, settled, follow, stands } = watched();
  commits.wrote(2, ['lost']);
  follow(100, event('accepted', 1), event('accepted', 2));
  follow(200, event('settled', 1), stranded(2, true));
  follow(210, stranded(3, false)); // a late tail that was never accepted here
  expect([settled, stands()]).toEqual([[], [0, undefined]]);
  follow(300, event('accepted', 2)); // the survivor's, under the next term
  follow(310, event('settled', 2));
  expect(settled).toEqual([]);
});
