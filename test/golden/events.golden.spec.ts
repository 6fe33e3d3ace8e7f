import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inventoryEvents, orderEvents, paymentEvents } from '#contracts';
import { inventoryDecider } from '../../apps/inventory-service/src/domain/inventory.ts';
import { orderDecider } from '../../apps/order-service/src/domain/order.ts';
import { paymentDecider } from '../../apps/payment-service/src/domain/payment.ts';

/**
 * Logs are kept for ever, so every version of every event that was ever written must stay readable. A recorded file is never changed
 * after its release: a new version adds `<EventType>.v<n>.json` and a one-step upcaster.
 */
const logs = new URL('./logs/', import.meta.url);
const files = readdirSync(logs).sort();
const recorded = files.map((file) => ({ file, type: file.split('.')[0] ?? '', body: readFileSync(new URL(file, logs), 'utf8') }));

/** Decodes a body and folds it into every stream that it changes. */
function replay(type: string, body: string): readonly { readonly type: string }[] {
  if (orderEvents.types.some((known) => known === type)) return folded(orderDecider, orderEvents.decode(body));
  if (paymentEvents.types.some((known) => known === type)) return folded(paymentDecider, paymentEvents.decode(body));
  return folded(inventoryDecider, inventoryEvents.decode(body));
}

function encodedAgain(type: string, body: string): string {
  if (orderEvents.types.some((known) => known === type)) return orderEvents.encode(orderEvents.decode(body));
  if (paymentEvents.types.some((known) => known === type)) return paymentEvents.encode(paymentEvents.decode(body));
  return inventoryEvents.encode(inventoryEvents.decode(body));
}

interface Folds<Event, State> {
  streamsChangedBy(event: Event): readonly string[];
  initialState(streamId: string): State;
  evolve(streamId: string, state: State, event: Event): State;
}

function folded<Event, State>(decider: Folds<Event, State>, events: readonly Event[]): readonly Event[] {
  for (const event of events)
    for (const stream of decider.streamsChangedBy(event)) expect(decider.evolve(stream, decider.initialState(stream), event)).toBeDefined();
  return events;
}

describe('every event that was ever written', () => {
  it.each([...orderEvents.types, ...inventoryEvents.types, ...paymentEvents.types])(
    '%s has a recorded file of its first version',
    (type) => {
      expect(files).toContain(`${type}.v1.json`);
    },
  );

  it.each(recorded)('$file: the version that is written today is recorded too', ({ type, body }) => {
    const stored = JSON.parse(encodedAgain(type, body)) as { events: { schemaVersion: number }[] };
    for (const { schemaVersion } of stored.events) expect(files).toContain(`${type}.v${schemaVersion}.json`);
  });

  it('no file is of an event that nobody knows', () => {
    const types = new Set<string>([...orderEvents.types, ...inventoryEvents.types, ...paymentEvents.types]);
    expect(files.filter((file) => !types.has(file.split('.')[0] ?? ''))).toEqual([]);
  });

  it.each(recorded)('$file is read and folded', ({ file, type, body }) => {
    const { events } = JSON.parse(body) as { events: { type: string; schemaVersion: number; data: object }[] };
    expect(events.map((event) => `${event.type}.v${event.schemaVersion}.json`)).toEqual(events.map(() => file));
    const decoded = replay(type, body);
    expect(decoded).toHaveLength(events.length);
    // What was written is complete: nothing of it is dropped on reading (a new version may add to it).
    decoded.forEach((event, i) => expect(event).toMatchObject({ type, ...events[i]?.data }));
  });
});
