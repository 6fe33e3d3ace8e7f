import { expect, it } from 'vitest';
import { ProjectionLag } from './projection-lag.ts';

function lagging() {
  const clock = { nowMs: 100_000 };
  const lag = new ProjectionLag(() => clock.nowMs);
  return { lag, at: (nowMs: number) => ((clock.nowMs = nowMs), lag) };
}

it('nothing is behind that has read nothing', () => expect(lagging().lag.seconds).toBe(0));

it('what waits to be stored grows old; what was stored shows how old it was, for a while', () => {
  const { at } = lagging();
  at(100_000).read(99_900);
  at(100_000).read(99_950);
  expect(at(102_000).seconds).toBe(2.1);
  at(102_000).storing();
  expect(at(103_000).seconds).toBe(3.1);
  at(103_000).stored();
  expect(at(110_000).seconds).toBe(3.1);
  expect(at(118_000).seconds).toBe(0);
});

it('a backlog shows by the age of what is read from it', () => {
  const { at } = lagging();
  for (const [readAtMs, appendedAtMs] of [
    [200_000, 100_000],
    [200_100, 150_000],
    [200_200, 200_150],
  ] as const) {
    at(readAtMs).read(appendedAtMs);
    at(readAtMs).storing();
    at(readAtMs).stored();
    expect(at(readAtMs).seconds).toBe((readAtMs - appendedAtMs) / 1_000);
  }
});

it('what could not be stored stays behind, until it is read anew', () => {
  const { at } = lagging();
  at(100_000).read(100_000);
  at(100_000).storing(); // and the transaction fails
  at(101_000).read(101_000);
  at(101_000).storing();
  expect(at(105_000).seconds).toBe(5);
  at(105_000).reset();
  expect(at(105_000).seconds).toBe(0);
});
