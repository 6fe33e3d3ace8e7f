import { expect, it } from 'vitest';
import { AskedFor } from './asked-for.ts';

it('a measurement that fails is named, and the others go on', async () => {
  const said: string[] = [];
  const asked = new AskedFor(new Set(['orders', 'limits']), (line) => said.push(line));
  expect(await asked.measured('orders', () => Promise.reject(new Error('no broker')))).toBeUndefined();
  expect(await asked.measured('limits', () => Promise.resolve(7))).toBe(7);
  expect(await asked.measured('quiet', () => Promise.reject(new Error('nobody asked')))).toBeUndefined();
  expect(asked.failures).toEqual(['orders: could not be measured: no broker']);
  expect(said).toHaveLength(1);
});
