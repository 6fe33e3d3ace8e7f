import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { region, type HistoryEntry } from '#contracts';
import { eventuallyHolds } from '#test-kit';
import { webhookFrom } from './webhook.config.ts';
import { WebhookNotifier, type WebhookNotifierOptions } from './webhook.notifier.ts';
import { isSigned, signatureOf } from './webhook.signature.ts';

const secret = 'a secret of some length';
const entry = (event: string): HistoryEntry => ({
  at: '2026-11-21T10:00:00.000Z',
  region: region('east'),
  instance: 1,
  term: 2,
  event,
  because: 'a test says so — “quoted”',
  details: {},
});
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

interface Received {
  readonly body: string;
  readonly signature: string;
  readonly status: number;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A webhook that answers with these statuses in turn, then 204; 0: it closes the connection without an answer. */
async function webhook(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const status = statuses.shift() ?? 204;
      received.push({ body, signature: String(request.headers['evenkeel-signature']), status });
      if (status === 0) request.socket.destroy();
      else response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

function notifierFor(url: string, options: Partial<WebhookNotifierOptions> = {}) {
  const lines: { level: number; msg: string; problem?: string; attempts?: number }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const notifier = new WebhookNotifier({ url, secret, events: undefined, log, firstPauseMs: 5, timeoutMs: 10_000, ...options });
  closing.push(() => notifier.close());
  return { notifier, lines };
}

it('is taken at the third try, signed, under one id, and what comes after it comes after it', async () => {
  const { url, received } = await webhook(500, 0);
  const { notifier } = notifierFor(url);
  notifier.notify(entry('claimed'));
  notifier.notify(entry('swapped'));
  await eventuallyHolds(() => expect(received.map(({ status }) => status)).toEqual([500, 0, 204, 204]));
  const told = received.map(({ body }) => JSON.parse(body) as { id: string; entry: HistoryEntry });
  expect(told.map(({ entry: { event } }) => event)).toEqual(['claimed', 'claimed', 'claimed', 'swapped']);
  expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  expect(told[2]!.entry).toEqual(entry('claimed'));
  for (const { body, signature } of received) expect(isSigned(secret, signature, body, nowSeconds())).toBe(true);
});

it('gives up after its tries, says so with the reason, and goes on with the next', async () => {
  const { url, received } = await webhook(500, 500, 500);
  const { notifier, lines } = notifierFor(url, { attemptsMax: 3 });
  notifier.notify(entry('claimed'));
  notifier.notify(entry('swapped'));
  await eventuallyHolds(() => expect(received).toHaveLength(4));
  expect(JSON.parse(received[3]!.body)).toMatchObject({ entry: { event: 'swapped' } });
  expect(lines.filter(({ level }) => level >= 50)).toMatchObject([{ attempts: 3, problem: 'it answered 500' }]);
});

it('bounds what waits, and what it waits for', async () => {
  const { notifier, lines } = notifierFor('http://127.0.0.1:1', { waitingMax: 1, firstPauseMs: 60_000 });
  notifier.notify(entry('claimed'));
  notifier.notify(entry('swapped'));
  expect(lines.filter(({ level }) => level >= 50)).toMatchObject([{ msg: expect.stringContaining('dropped') }]);
  await eventuallyHolds(() => expect(lines.some(({ msg }) => msg.includes('tried again'))).toBe(true));
  await notifier.close(); // does not wait for the minute
  expect(lines.at(-1)?.msg).toContain('given up');
});

it('tells only the events that were asked for', async () => {
  const { url, received } = await webhook();
  const { notifier } = notifierFor(url, { events: new Set(['swapped']) });
  notifier.notify(entry('claimed'));
  notifier.notify(entry('swapped'));
  await eventuallyHolds(() => expect(received).toHaveLength(1));
});

it('a signature fits one time, one body and one secret', () => {
  const header = signatureOf(secret, 1_000, '{"a":1}');
  expect(isSigned(secret, header, '{"a":1}', 1_200)).toBe(true);
  expect(isSigned(secret, header, '{"a":2}', 1_200)).toBe(false);
  expect(isSigned('another secret', header, '{"a":1}', 1_200)).toBe(false);
  expect(isSigned(secret, header, '{"a":1}', 1_301)).toBe(false);
  expect(isSigned(secret, header.replace('t=1000', 't=1100'), '{"a":1}', 1_200)).toBe(false);
  expect(isSigned(secret, 'v1=', '{"a":1}', 1_200)).toBe(false);
  // As openssl computes it: printf '1000.{}' | openssl dgst -sha256 -hmac key
  expect(signatureOf('key', 1_000, '{}')).toBe('t=1000,v1=c32de42341dece79a1511c9e7f74a2734112edcfcf48943c976faf07047065db');
});

it('is off by default, and wants a secret that cannot be guessed', () => {
  expect(webhookFrom({})).toBeUndefined();
  expect(() => webhookFrom({ EVENKEEL_WEBHOOK_URL: 'https://hooks.example' })).toThrow('EVENKEEL_WEBHOOK_SECRET');
  expect(() => webhookFrom({ EVENKEEL_WEBHOOK_URL: 'file:///x', EVENKEEL_WEBHOOK_SECRET: secret })).toThrow('EVENKEEL_WEBHOOK_URL');
  expect(webhookFrom({ EVENKEEL_WEBHOOK_URL: 'https://hooks.example', EVENKEEL_WEBHOOK_SECRET: secret })?.events).toBeUndefined();
  const some = { EVENKEEL_WEBHOOK_URL: 'https://hooks.example', EVENKEEL_WEBHOOK_SECRET: secret, EVENKEEL_WEBHOOK_EVENTS: 'a, b,' };
  expect([...(webhookFrom(some)?.events ?? [])]).toEqual(['a', 'b']);
});
