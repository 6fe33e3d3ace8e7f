import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvents, UnknownEventError, type OrderEvent } from './index.ts';

const catalogue = defineEvents(
  { Renamed: { 1: z.object({ title: z.string() }), 2: z.object({ name: z.string() }) } },
  { Renamed: { 1: (data: { title: string }) => ({ name: data.title }) } },
);

it('reads what it wrote', () => {
  expect(catalogue.decode(catalogue.encode([{ type: 'Renamed', name: 'tea' }]))).toEqual([{ type: 'Renamed', name: 'tea' }]);
});

it('lifts an old version one step at a time', () => {
  const old = JSON.stringify({ events: [{ type: 'Renamed', schemaVersion: 1, data: { title: 'tea' } }] });
  expect(catalogue.decode(old)).toEqual([{ type: 'Renamed', name: 'tea' }]);
});

it.each([
  ['an event from the future', { type: 'Renamed', schemaVersion: 3, data: {} }],
  ['an event of nobody', { type: 'Vanished', schemaVersion: 1, data: {} }],
  ['a name of Object.prototype', { type: 'constructor', schemaVersion: 1, data: {} }],
])('refuses %s', (_, event) => {
  expect(() => catalogue.decode(JSON.stringify({ events: [event] }))).toThrow(UnknownEventError);
});

it('gives every event its own type', () => {
  const reasonOf = (event: OrderEvent): string | undefined => (event.type === 'OrderCancelled' ? event.reason : undefined);
  expect(reasonOf({ type: 'OrderCancelled', orderId: 'o' as never, reason: 'expired', cancelledAt: 'now' })).toBe('expired');
});
