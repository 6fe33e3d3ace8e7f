import { Module } from '@nestjs/common';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createServiceApp, HealthRegistry, problem } from '#service-kit';
import type { ParkedOutcome } from '../decide-parked.ts';
import type { ParkedRecord } from '../postgres/parked-table.ts';
import { parkedModule } from './parked.controller.ts';
import { parkedRecords } from './parked-records.ts';

const stored: ParkedRecord = {
  id: 'order.east.0:5',
  topic: 'order.events',
  partition: 0,
  offset: 9,
  shard: 'order.east.0',
  seq: 5,
  streams: ['ord_a'],
  reason: 'from the future',
  body: '{}',
  status: 'parked',
  parkedAt: '2026-01-02T03:04:05.000Z',
};

it("lists a reader's records under its name, and decides about no other's; without a token, beside routes that ask for one", async () => {
  const decided: string[] = [];
  const row = { ...stored, parked_at: new Date(stored.parkedAt) };
  const records = parkedRecords({
    pool: { query: () => Promise.resolve({ rows: [row] }) } as never,
    projector: {
      decideParked: (id, decision): Promise<ParkedOutcome> => {
        decided.push(`${decision} ${id}`);
        return Promise.resolve({ outcome: 'decided', status: 'applied', released: 2, stillOpen: 0 });
      },
    },
    reader: 'checkout',
  });
  @Module({ imports: [parkedModule(records)] })
  class Service {}
  const verifier = { verify: () => Promise.reject(problem('unauthenticated')) };
  const app = await createServiceApp(Service, { log: pino({ level: 'silent' }), health: new HealthRegistry(), verifier });
  const ask = async (id: string) => app.inject({ method: 'POST', url: `/internal/parked/${encodeURIComponent(id)}/retry` });

  const id = `checkout:${stored.id}`;
  expect((await app.inject('/internal/parked')).json()).toEqual({ records: [{ ...stored, id }] });
  expect((await ask(id)).json()).toEqual({ id, status: 'applied', released: 2, stillOpen: 0 });
  expect((await ask(stored.id)).statusCode).toBe(404);
  expect(decided).toEqual([`retry ${stored.id}`]);
  await app.close();
});
