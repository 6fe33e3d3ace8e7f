import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { commandId, region, type Problem, type Topology } from '#contracts';
import { type CallerVerifier, createServiceApp, HealthRegistry } from '#service-kit';
import type { Answer, CommandGateway, SendCommand } from '#shard-log';
import { startTelemetry } from '#telemetry';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { internalCommandsModule } from './internal-commands.controller.ts';

const telemetry = startTelemetry({ service: 'order-service', region: 'east', instance: 1, otlp: undefined });
afterAll(() => telemetry.stop());

const verifier: CallerVerifier = {
  verify: (authorization) =>
    Promise.resolve({ subject: 'agent', customerId: undefined, roles: new Set([(authorization ?? '').replace('Bearer ', '')]) }),
};
const settled: Answer = { kind: 'settled', durability: 'global', seq: 7, result: { outcome: 'accepted', changed: true } };

let app: NestFastifyApplication;
let sent: SendCommand[];
let answer: Answer;
let owner: string | undefined;

beforeEach(async () => {
  [sent, answer, owner] = [[], settled, 'east'];
  const gateway: CommandGateway = {
    decide: (command) => {
      sent.push(command);
      return Promise.resolve(answer);
    },
    queue: () => Promise.reject(new Error('it is decided, not only queued')),
    ownerOf: () => owner,
  };
  const module = internalCommandsModule({
    service: 'order',
    region: region('east'),
    topology: { partitions: 6, regions: { east: {}, west: {} } } as unknown as Topology,
    gateway,
    parseCommand: (command) => z.strictObject({ type: z.literal('CancelOrder') }).parse(command),
  });
  app = await createServiceApp(module, { log: pino({ level: 'silent' }), health: new HealthRegistry(), verifier });
});
afterEach(() => app.close());

const envelope = {
  commandId: commandId('c1'),
  shard: 'order.west.3',
  correlation: 'ord_x',
  traceparent: '',
  reply: true,
  command: { type: 'CancelOrder' },
};
const offer = (payload: object = envelope, role = 'region-agent') =>
  app.inject({ method: 'POST', url: '/internal/commands', payload, headers: { authorization: `Bearer ${role}` } });

describe('a command that another region hands over', () => {
  it('is decided under its first id, and answered when that is settled', async () => {
    const { statusCode, json } = await offer();
    expect([statusCode, json()]).toEqual([202, { outcome: 'accepted' }]);
    expect(sent).toMatchObject([{ commandId: 'c1', shard: 'order.west.3', correlation: 'ord_x', command: { type: 'CancelOrder' } }]);
  });

  it.each([
    [{ outcome: 'accepted', changed: false }, { outcome: 'done-before' }],
    [
      { outcome: 'refused', refusal: { code: 'order-already-shipped' } },
      { outcome: 'refused', refusal: 'order-already-shipped' },
    ],
  ] as const)('%j', async (result, told) => {
    answer = { ...settled, result };
    const { statusCode, json } = await offer();
    expect([statusCode, json()]).toEqual([202, told]);
  });

  it.each([
    [{ kind: 'unknown' }, 504, 'outcome-unknown'],
    [{ kind: 'unavailable', reason: 'its shard is full' }, 503, 'unavailable'],
    [{ kind: 'not-owner', owner: 'west' }, 421, 'not-owned-here'],
    [{ ...settled, result: { outcome: 'stream-blocked', streams: ['x'] } }, 503, 'stream-blocked'],
  ] as const)('is to be handed over again after %j', async (next, status, code) => {
    answer = next as unknown as Answer;
    const { statusCode, json } = await offer();
    expect([statusCode, json<Problem>().code]).toEqual([status, code]);
  });

  it('is sent on to the owner when that is another region', async () => {
    owner = 'west';
    const { statusCode, headers } = await offer();
    expect([statusCode, headers['evenkeel-owner'], sent]).toEqual([421, 'west', []]);
  });

  it.each([
    ['of another service', { ...envelope, shard: 'payment.west.3' }],
    ['of a partition that is none', { ...envelope, shard: 'order.west.6' }],
    ['of a region that is none', { ...envelope, shard: 'order.north.3' }],
    ['that is none', { ...envelope, command: { type: 'Nonsense' } }],
    ['without an id', { ...envelope, commandId: undefined }],
  ])('is refused for good: %s', async (_name, payload) => {
    const { statusCode, json } = await offer(payload);
    expect([statusCode, json<Problem>().code, sent]).toEqual([400, 'invalid-request', []]);
  });

  it.each(['operator', 'importer', ''])('is taken from an agent only, not from %j', async (role) => {
    expect([(await offer(envelope, role)).statusCode, sent]).toEqual([403, []]);
  });
});
