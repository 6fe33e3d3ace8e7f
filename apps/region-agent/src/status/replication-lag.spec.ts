import { expect, it } from 'vitest';
import { region } from '#contracts';
import { ReplicationLag } from './replication-lag.ts';

const west = region('west');
/** The wall clock stands `epoch` ahead of the process's own. */
const epoch = 1_000_000;
const heard = (writtenAtMs: number) => ({ heardWrittenAtMs: epoch + writtenAtMs, hasUnread: false, lastEvent: undefined });

it('nothing is said of a region that was not heard yet', () => {
  const lag = new ReplicationLag();
  expect(lag.secondsBehind(west, { heardWrittenAtMs: undefined, hasUnread: true, lastEvent: undefined }, 0, epoch)).toBeUndefined();
});

it('the age of its last word is how far behind it is; a clock that goes before is no lead', () => {
  const lag = new ReplicationLag();
  expect(lag.secondsBehind(west, heard(900), 1_000, epoch + 1_000)).toBe(0.1);
  expect(lag.secondsBehind(west, heard(900), 31_000, epoch + 31_000)).toBe(30.1);
  expect(lag.secondsBehind(west, heard(1_200), 1_000, epoch + 1_000)).toBe(0);
});

it('while its commits wait to be read, the last one that was read says how far behind it is', () => {
  const lag = new ReplicationLag();
  const behind = (nowMs: number, lastEvent: { writtenAtMs: number; readAtMs: number } | undefined) =>
    lag.secondsBehind(west, { ...heard(nowMs - 50), hasUnread: true, lastEvent }, nowMs, epoch + nowMs);
  // One that comes after a quiet hour is not an hour late.
  expect(behind(3_600_000, { writtenAtMs: epoch, readAtMs: 10 })).toBe(0.05);
  expect(behind(3_602_000, { writtenAtMs: epoch, readAtMs: 10 })).toBe(2);
  expect(behind(3_603_000, { writtenAtMs: epoch + 3_583_000, readAtMs: 3_602_900 })).toBe(20);
  expect(lag.secondsBehind(west, heard(3_603_950), 3_604_000, epoch + 3_604_000)).toBe(0.05);
  expect(behind(3_700_000, { writtenAtMs: epoch, readAtMs: 3_603_000 })).toBe(0.05);
});
