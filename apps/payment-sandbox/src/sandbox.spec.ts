import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { listeningAt } from '#test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildSandbox, type Sandbox } from './sandbox.app.ts';

const log = pino({ level: 'silent' });
let directory: string;
let sandbox: Sandbox;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-'));
  sandbox = await buildSandbox({ directory, log });
});
afterEach(async () => {
  await sandbox.close();
  await rm(directory, { recursive: true, force: true });
});

async function post(path: string, key: string | undefined, body: object): Promise<{ status: number; body: unknown }> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const response = await sandbox.app.inject({ method: 'POST', url: path, headers, payload: body });
  return { status: response.statusCode, body: response.json<unknown>() };
}
const get = async (path: string): Promise<unknown> => (await sandbox.app.inject({ method: 'GET', url: path })).json<unknown>();
const order = { reference: 'ord_1', customerId: 'c1', amountMinor: 1000, currency: 'GBP' };
const part = (amountMinor: number): object => ({ reference: 'ord_1', amountMinor, currency: 'GBP' });

describe('a key', () => {
  it('gives the same answer every time, and charges once', async () => {
    await post('/v1/authorizations', 'a', order);
    const first = await post('/v1/captures', 'k', part(1000));
    expect(first).toEqual({ status: 200, body: { outcome: 'approved', id: 'capture-2' } });
    expect(await Promise.all([1, 2, 3].map(() => post('/v1/captures', 'k', part(1000))))).toEqual([first, first, first]);
    expect(await get('/v1/ledger/summary')).toMatchObject({ charges: 1, capturedMinor: 1000, operations: 2 });
  });

  it('used again with another body is refused', async () => {
    await post('/v1/authorizations', 'a', order);
    expect(await post('/v1/authorizations', 'a', { ...order, amountMinor: 1001 })).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    });
    expect(await post('/v1/captures', 'a', part(1000))).toMatchObject({ status: 422 });
  });

  it('is required', async () => {
    expect(await post('/v1/authorizations', undefined, order)).toMatchObject({ status: 400, body: { code: 'idempotency-key-required' } });
    expect(await post('/v1/authorizations', 'a', { ...order, amountMinor: -1 })).toMatchObject({ status: 400 });
  });
});

describe('the ledger', () => {
  it('counts what was authorized, captured and refunded per payment', async () => {
    await post('/v1/authorizations', 'a', order);
    await post('/v1/captures', 'c1', part(600));
    await post('/v1/captures', 'c2', part(400));
    await post('/v1/refunds', 'r1', part(250));
    expect(await post('/v1/captures', 'c3', part(1))).toMatchObject({ body: { outcome: 'declined', reason: 'exceeds-authorization' } });
    expect(await post('/v1/refunds', 'r2', part(751))).toMatchObject({ body: { outcome: 'declined', reason: 'exceeds-capture' } });
    expect(await get('/v1/ledger')).toEqual({
      payments: [
        {
          reference: 'ord_1',
          customerId: 'c1',
          currency: 'GBP',
          voided: false,
          authorizations: 1,
          authorizedMinor: 1000,
          charges: 2,
          capturedMinor: 1000,
          refunds: 1,
          refundedMinor: 250,
          declines: 2,
        },
      ],
      next: null,
    });
  });

  it('shows a merchant that authorizes twice under two keys', async () => {
    await post('/v1/authorizations', 'a', order);
    await post('/v1/authorizations', 'b', order);
    expect(await get('/v1/ledger/summary')).toMatchObject({ authorizedTwice: 1 });
  });

  it('declines customers of the declining suffix, and voids only what was not captured', async () => {
    expect(await post('/v1/authorizations', 'd', { ...order, customerId: 'c9-declined' })).toMatchObject({
      body: { outcome: 'declined', reason: 'card-declined' },
    });
    await post('/v1/authorizations', 'a', { ...order, reference: 'ord_2' });
    expect(await post('/v1/voids', 'v', { reference: 'ord_2' })).toMatchObject({ body: { outcome: 'approved' } });
    expect(await post('/v1/captures', 'c', { ...part(5), reference: 'ord_2' })).toMatchObject({
      body: { outcome: 'declined', reason: 'voided' },
    });
  });
});

it('a void that overtakes its authorization declines it', async () => {
  expect(await post('/v1/voids', 'v', { reference: 'ord_1' })).toMatchObject({ body: { outcome: 'approved' } });
  expect(await post('/v1/authorizations', 'a', order)).toMatchObject({ body: { outcome: 'declined', reason: 'voided' } });
});

describe('after a crash', () => {
  it('answers as before and charges nothing again, also with a torn last line', async () => {
    await post('/v1/authorizations', 'a', order);
    const before = await post('/v1/captures', 'c', part(1000));
    await appendFile(join(directory, 'operations.jsonl'), '{"key":"torn');
    const second = await buildSandbox({ directory, log });
    await sandbox.close();
    sandbox = second;
    expect(await post('/v1/captures', 'c', part(1000))).toEqual(before);
    expect(await get('/v1/ledger/summary')).toMatchObject({ charges: 1, capturedMinor: 1000 });
    await post('/v1/refunds', 'r', part(1));
    const lines = (await readFile(join(directory, 'operations.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual(['a', 'c', 'r']);
  });

  it('has journalled every answer that left a process that was killed', async () => {
    const data = join(directory, 'killed');
    const main = new URL('./main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--conditions=source', main], {
      env: { ...process.env, EVENKEEL_LISTEN: '127.0.0.1:0', EVENKEEL_SANDBOX_DATA: data },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const address = await listeningAt(child.stdout);
    const answered: string[] = [];
    const attempts = Array.from({ length: 200 }, async (_, i) => {
      const body = JSON.stringify({ ...order, reference: `ord_${i}` });
      const headers = { 'content-type': 'application/json', 'idempotency-key': `k${i}` };
      const response = await fetch(`${address}/v1/authorizations`, { method: 'POST', headers, body });
      if (response.ok) answered.push(`k${i}`);
      if (answered.length === 50) child.kill('SIGKILL');
    });
    await Promise.allSettled(attempts);
    const journal = await readFile(join(data, 'operations.jsonl'), 'utf8');
    const keys = new Set(
      journal
        .slice(0, journal.lastIndexOf('\n'))
        .split('\n')
        .map((line) => (JSON.parse(line) as { key: string }).key),
    );
    expect(answered.length).toBeGreaterThanOrEqual(50);
    expect(answered.filter((key) => !keys.has(key))).toEqual([]);
  });
});

describe('faults on order', () => {
  const put = (fault: object): Promise<unknown> => sandbox.app.inject({ method: 'PUT', url: '/v1/faults', payload: fault });

  it('fails after charging; the next attempt of the key tells the truth', async () => {
    await post('/v1/authorizations', 'a', order);
    await put({ match: { operation: 'capture' }, kind: 'fail-after-charging', times: 1 });
    expect(await post('/v1/captures', 'c', part(1000))).toMatchObject({ status: 500 });
    expect(await post('/v1/captures', 'c', part(1000))).toMatchObject({ status: 200, body: { outcome: 'approved' } });
    expect(await get('/v1/ledger/summary')).toMatchObject({ charges: 1 });
  });

  it('declines by customer, for ever under that key', async () => {
    await put({ match: { customerId: 'c1' }, kind: 'decline', times: 1 });
    expect(await post('/v1/authorizations', 'a', order)).toMatchObject({ body: { outcome: 'declined' } });
    expect(await post('/v1/authorizations', 'a', order)).toMatchObject({ body: { outcome: 'declined' } });
    expect(await post('/v1/authorizations', 'b', order)).toMatchObject({ body: { outcome: 'approved' } });
  });

  it('answers late, or never, or resets the connection', async () => {
    const address = await sandbox.app.listen({ host: '127.0.0.1', port: 0 });
    const attempt = (key: string, ms: number): Promise<Response> =>
      fetch(`${address}/v1/authorizations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ ...order, reference: key }),
        signal: AbortSignal.timeout(ms),
      });
    await put([
      { match: { amountMinor: 1000 }, kind: 'late', ms: 30, times: 1 },
      { kind: 'timeout', times: 1 },
      { kind: 'reset-after-charging', times: 1 },
    ]);
    expect((await attempt('late', 5_000)).status).toBe(200);
    await expect(attempt('never', 50)).rejects.toThrow('aborted');
    await expect(attempt('reset', 5_000)).rejects.toThrow('fetch failed');
    expect(await get('/v1/ledger')).toMatchObject({ payments: [{ reference: 'late' }, { reference: 'reset' }] });
  });

  it('strikes the share of attempts that was asked for', async () => {
    await put({ match: { rate: 0.3 }, kind: 'fail-after-charging' });
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => post('/v1/authorizations', `k${i}`, { ...order, reference: `o${i}` })),
    );
    const failed = answers.filter((answer) => answer.status === 500).length;
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(120);
  });
});
