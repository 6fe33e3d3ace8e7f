import { expect, it } from 'vitest';
import { Leadership } from './leadership.ts';

const instant = (second: number): string => `2026-11-21T10:00:${String(second).padStart(2, '0')}.000Z`;

it('sweeps all again when shards change their owner, and states everything until what was under way is stored', async () => {
  let now = instant(0);
  const leadership = new Leadership(
    () => now,
    () => undefined,
  );
  leadership.ownersChanged();
  expect(leadership.mode).toBe('nothing');
  leadership.begin({ isDone: async () => true });
  leadership.ownersChanged();
  expect(leadership.mode).toBe('nothing');
  leadership.roundIsOver((await leadership.sweepTurn())!);
  expect(leadership.mode).toBe('what-is-new');

  now = instant(30);
  leadership.ownersChanged();
  expect(leadership.mode).toBe('everything');
  const turn = (await leadership.sweepTurn())!;
  expect(turn.resumedAt).toBe(instant(30));
  leadership.roundIsOver(turn);
  expect(leadership.mode).toBe('everything');
  now = instant(31);
  leadership.roundIsOver(turn);
  expect(leadership.mode).toBe('what-is-new');
  leadership.end();
  expect(leadership.mode).toBe('nothing');
});
