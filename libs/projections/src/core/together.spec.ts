import { expect, it } from 'vitest';
import { together } from './together.ts';

it('ends after all of them, with the failure that came first', async () => {
  const [late, failsLater, failsFirst] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let ended = false;
  const outcome = together([late.promise, failsLater.promise, failsFirst.promise]).catch((error: unknown) => {
    ended = true;
    return error;
  });
  failsFirst.reject(new Error('first'));
  await failsFirst.promise.catch(() => undefined);
  failsLater.reject(new Error('later'));
  await failsLater.promise.catch(() => undefined);
  expect(ended).toBe(false);
  late.resolve();
  expect(await outcome).toEqual(new Error('first'));
});
