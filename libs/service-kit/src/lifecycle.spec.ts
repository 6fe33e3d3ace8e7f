import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Lifecycle, StoppedError } from './lifecycle.ts';

const newLifecycle = (stopTimeoutMs = 1_000) => new Lifecycle({ stopTimeoutMs, log: pino({ level: 'silent' }) });

function parts(lifecycle: Lifecycle) {
  const stopped: string[] = [];
  const start = (name: string, stop: () => Promise<void> | void = () => undefined) =>
    lifecycle.start(name, () => async () => {
      stopped.push(name);
      await stop();
    });
  return { stopped, start };
}

it('stops in reverse, once', async () => {
  const lifecycle = newLifecycle();
  const { stopped, start } = parts(lifecycle);
  await start('kafka');
  await start('database');
  await start('http');
  expect(await Promise.all([lifecycle.stop(), lifecycle.stop()])).toEqual([[], []]);
  expect(stopped).toEqual(['http', 'database', 'kafka']);
});

it('a failed start stops what was started before', async () => {
  const lifecycle = newLifecycle();
  const { stopped, start } = parts(lifecycle);
  await start('kafka');
  await expect(lifecycle.start('database', () => Promise.reject(new Error('no route')))).rejects.toThrow('no route');
  expect(stopped).toEqual(['kafka']);
  await expect(start('http')).rejects.toThrow(StoppedError);
});

it('a part that fails to stop, or hangs, is named and does not hold up the others', async () => {
  const lifecycle = newLifecycle(20);
  const { stopped, start } = parts(lifecycle);
  await start('kafka');
  await start('broken', () => Promise.reject(new Error('no')));
  await start('hanging', () => new Promise(() => undefined));
  expect(await lifecycle.stop()).toEqual(['hanging', 'broken']);
  expect(stopped).toEqual(['hanging', 'broken', 'kafka']);
});

it('a part that was starting when the stop began is stopped too', async () => {
  const lifecycle = newLifecycle();
  const stopped: string[] = [];
  let goOn = (): void => undefined;
  const starting = lifecycle.start('slow', async () => {
    await new Promise<void>((resolve) => (goOn = resolve));
    return () => void stopped.push('slow');
  });
  await lifecycle.stop();
  goOn();
  await expect(starting).rejects.toThrow(StoppedError);
  expect(stopped).toEqual(['slow']);
});
