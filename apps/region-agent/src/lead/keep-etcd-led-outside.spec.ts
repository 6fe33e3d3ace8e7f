import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { keepEtcdLedOutside } from './keep-etcd-led-outside.ts';

const log = pino({ level: 'silent' });

it.each([
  ['is handed over', () => Promise.resolve()],
  ['stays when it cannot be handed over, and nobody tries again at once', () => Promise.reject(new Error('the witness is away'))],
])('the lead of etcd %s; stopping waits for no pause', async (_, leave) => {
  const leaveTo = vi.fn(leave);
  const close = vi.fn();
  const keeping = keepEtcdLedOutside({ witnessInstead: () => Promise.resolve('7'), leaveTo, close }, log);
  await vi.waitFor(() => expect(leaveTo).toHaveBeenCalledWith('7'));
  await keeping.stop();
  expect([leaveTo.mock.calls.length, close.mock.calls.length]).toEqual([1, 1]);
});

it('where the witness leads, or another region, nothing is done', async () => {
  const witnessInstead = vi.fn(() => Promise.resolve(undefined));
  const leaveTo = vi.fn(() => Promise.resolve());
  const keeping = keepEtcdLedOutside({ witnessInstead, leaveTo, close: () => undefined }, log);
  await vi.waitFor(() => expect(witnessInstead).toHaveBeenCalled());
  await keeping.stop();
  expect(leaveTo).not.toHaveBeenCalled();
});
