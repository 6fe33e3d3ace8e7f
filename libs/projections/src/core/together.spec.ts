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

it('names the failure, not what PostgreSQL refused because of it, also when that is heard before', async () => {
  const [refusal, failure] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const outcome = together([failure.promise, refusal.promise]).catch((error: unknown) => error);
  refusal.reject(Object.assign(new Error('current transaction is aborted'), { code: '25P02' }));
  await refusal.promise.catch(() => undefined);
  failure.reject(Object.assign(new Error('cached plan must not change result type'), { code: '0A000' }));
  expect(await outcome).toMatchObject({ code: '0A000' });
});
