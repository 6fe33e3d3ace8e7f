import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { customerId, orderId, paymentCommandSchema } from '#contracts';
import { listeningAt } from '#test-kit';
import { HttpPaymentProvider } from '../provider/http-payment-provider.ts';
import type { ProviderCall } from '../domain/intents.ts';
import type { AuthorizeCall, PaymentProvider, ProviderOutcome } from '../provider/payment-provider.port.ts';
import type { OutcomeCommand } from './outcome.command.ts';
import { ProviderCaller, type ProviderCallerOptions } from './provider-caller.ts';

let directory: string;
let url: string;
let sandbox: ChildProcess;
let callers: ProviderCaller[] = [];

/** The real program, in a process of its own, on the data that it had, at an address of its own choice. */
async function startSandbox(): Promise<void> {
  const main = new URL('../../../payment-sandbox/src/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=source', main], {
    env: { ...process.env, EVENKEEL_LISTEN: '127.0.0.1:0', EVENKEEL_SANDBOX_DATA: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  sandbox = child;
  url = await listeningAt(child.stdout);
}
async function killSandbox(): Promise<void> {
  const ended = once(sandbox, 'exit');
  sandbox.kill('SIGKILL');
  await ended;
}
const ledger = async (): Promise<Record<string, unknown>> =>
  (await (await fetch(`${url}/v1/ledger/summary`)).json()) as Record<string, unknown>;
const order = async (faults: object): Promise<unknown> =>
  fetch(`${url}/v1/faults`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(faults) });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-'));
  await startSandbox();
}, 90_000);
afterEach(async () => {
  await Promise.all(callers.map((caller) => caller.close()));
  callers = [];
});
afterAll(async () => {
  await killSandbox();
  await rm(directory, { recursive: true, force: true });
});

let orders = 0;
function authorization(amountMinor = 100): AuthorizeCall {
  const id = orderId(
    `ord_${String((orders += 1))
      .padStart(26, 'a')
      .replaceAll(/[0189]/g, 'x')}${orders}`,
  );
  return { kind: 'authorize', idempotencyKey: `auth:${id}`, orderId: id, customerId: customerId('c1'), amountMinor, currency: 'GBP' };
}
function callerOf(options: Partial<ProviderCallerOptions>): { caller: ProviderCaller; emitted: OutcomeCommand[] } {
  const emitted: OutcomeCommand[] = [];
  const caller = new ProviderCaller({
    provider: new HttpPaymentProvider({
      get url() {
        return url; // another one after a restart
      },
      timeoutMs: 10_000,
    }),
    emit: (commands) => {
      emitted.push(...commands);
      return Promise.resolve();
    },
    onTrouble: () => undefined,
    firstRetryMs: 10,
    retryMaxMs: 100,
    random: () => 0.5,
    ...options,
  });
  callers.push(caller);
  return { caller, emitted };
}
const until = (condition: () => unknown): Promise<unknown> => vi.waitFor(condition, { timeout: 10_000, interval: 10 });

describe('outstanding calls, with the sandbox over HTTP', () => {
  it('become commands that say what the provider answered', async () => {
    const { caller, emitted } = callerOf({});
    const authorize = authorization();
    const about = { orderId: authorize.orderId, authorizationId: 'a1', currency: 'GBP' };
    const script: readonly ProviderCall[] = [
      authorize,
      { kind: 'capture', idempotencyKey: `cap:${authorize.idempotencyKey}`, captureId: 's1', amountMinor: 100, ...about },
      { kind: 'refund', idempotencyKey: `ref:${authorize.idempotencyKey}`, refundId: 'r1', amountMinor: 30, ...about },
      { kind: 'refund', idempotencyKey: `big:${authorize.idempotencyKey}`, refundId: 'r2', amountMinor: 71, ...about },
      { kind: 'void', idempotencyKey: `void:${authorize.idempotencyKey}`, orderId: authorize.orderId, authorizationId: 'a1' },
    ];
    for (const [i, call] of script.entries()) {
      caller.setOutstanding(authorize.orderId, [call]);
      await until(() => expect(emitted).toHaveLength(i + 1));
    }
    expect(emitted.map(({ command }) => command)).toMatchObject([
      { type: 'RecordAuthorized' },
      { type: 'RecordCaptured', captureId: 's1' },
      { type: 'RecordRefunded', refundId: 'r1' },
      { type: 'RecordRefundRefused', refundId: 'r2', reason: 'exceeds-capture' },
      { type: 'RecordVoided' },
    ]);
    expect(emitted[0]?.commandId).toBe(`${authorize.idempotencyKey}:approved`);
  });

  it('charge once although every second attempt fails after charging, answers late or resets', async () => {
    const before = await ledger();
    await order([
      { match: { rate: 0.2 }, kind: 'fail-after-charging' },
      { match: { rate: 0.2 }, kind: 'reset-after-charging' },
      { match: { rate: 0.1 }, kind: 'late', ms: 700 },
    ]);
    const { caller, emitted } = callerOf({});
    const calls = Array.from({ length: 60 }, () => authorization());
    for (const call of calls) caller.setOutstanding(call.orderId, [call]);
    await until(() => expect(emitted).toHaveLength(60));
    await order([]);
    const after = await ledger();
    expect(Number(after['payments']) - Number(before['payments'])).toBe(60);
    expect(after['authorizedTwice']).toBe(before['authorizedTwice']);
  });

  it('are made after the provider was killed in the middle, each once', async () => {
    const before = await ledger();
    const { caller, emitted } = callerOf({});
    const calls = Array.from({ length: 150 }, () => authorization());
    for (const call of calls) caller.setOutstanding(call.orderId, [call]);
    await until(() => expect(emitted.length).toBeGreaterThan(20));
    await killSandbox();
    await startSandbox();
    await until(() => expect(emitted).toHaveLength(150));
    const after = await ledger();
    expect(Number(after['payments']) - Number(before['payments'])).toBe(150);
    expect(after['authorizedTwice']).toBe(before['authorizedTwice']);
  }, 120_000);
});

describe('outcomes', () => {
  const approving: PaymentProvider = {
    authorize: () => Promise.resolve<ProviderOutcome>({ outcome: 'approved', providerId: 'p' }),
    capture: () => Promise.reject(new Error('not asked')),
    void: () => Promise.reject(new Error('not asked')),
    refund: () => Promise.reject(new Error('not asked')),
  };

  it('are emitted again until an emit succeeds, and again until the log shows them', async () => {
    const batches: number[] = [];
    const { caller } = callerOf({
      provider: approving,
      repeatMs: 20,
      emit: (commands) => {
        batches.push(commands.length);
        return batches.length < 3 ? Promise.reject(new Error('no broker')) : Promise.resolve();
      },
    });
    const calls = [authorization(), authorization()];
    for (const call of calls) caller.setOutstanding(call.orderId, [call]);
    await until(() => expect(batches.length).toBeGreaterThan(4));
    expect(batches.slice(0, 3)).toEqual([2, 2, 2]);
    for (const call of calls) caller.setOutstanding(call.orderId, []);
    expect(caller.counts()).toEqual({ outstanding: 0, running: 0, waiting: 0, unsettled: 0 });
  });

  it('of a call that is no longer outstanding concern nobody', async () => {
    const answers: ((outcome: ProviderOutcome) => void)[] = [];
    const { caller, emitted } = callerOf({ provider: { ...approving, authorize: () => new Promise((resolve) => answers.push(resolve)) } });
    const call = authorization();
    caller.setOutstanding(call.orderId, [call]);
    caller.setOutstanding(call.orderId, []);
    for (const answer of answers) answer({ outcome: 'approved', providerId: 'p' });
    await caller.close();
    expect(emitted).toEqual([]);
  });

  it('are repeated no more, nor calls retried, when another instance makes the calls', async () => {
    let emits = 0;
    const emit = (): Promise<void> => Promise.resolve(void emits++);
    const { caller } = callerOf({ provider: approving, repeatMs: 5, emit });
    const refundless = { ...authorization(), kind: 'refund', refundId: 'r', authorizationId: 'a' } as ProviderCall;
    for (const call of [authorization(), authorization(), refundless]) caller.setOutstanding(call.orderId, [call]);
    await until(() => expect(emits).toBeGreaterThan(2));
    caller.clearOutstanding();
    await until(() => expect(caller.counts()).toEqual({ outstanding: 0, running: 0, waiting: 0, unsettled: 0 }));
  });

  it('that refuse to move money are told to people: goods may be out, or a refund unpaid', async () => {
    const refused: string[] = [];
    const decline = () => Promise.resolve<ProviderOutcome>({ outcome: 'declined', reason: 'expired' });
    const { caller, emitted } = callerOf({
      provider: { ...approving, authorize: decline, capture: decline, refund: decline, void: decline },
      onRefused: ({ kind, orderId: order, reason }) => refused.push(`${kind} ${order} ${reason}`),
    });
    const [first, second, third, fourth] = [authorization(), authorization(), authorization(), authorization()];
    const calls: ProviderCall[] = [
      first,
      { ...second, kind: 'capture', captureId: 'c', authorizationId: 'a' },
      { ...third, kind: 'refund', refundId: 'r', authorizationId: 'a' },
      { ...fourth, kind: 'void', authorizationId: 'a' },
    ];
    for (const call of calls) caller.setOutstanding(call.orderId, [call]);
    await until(() => expect(emitted).toHaveLength(4));
    expect(refused).toEqual([`capture ${calls[1]!.orderId} expired`, `refund ${calls[2]!.orderId} expired`]);
  });

  it('fit the schema of payment commands', async () => {
    const { caller, emitted } = callerOf({ provider: approving });
    const call = { ...authorization(), orderId: orderId(`ord_${'a'.repeat(26)}`) };
    caller.setOutstanding(call.orderId, [call]);
    await until(() => expect(emitted).toHaveLength(1));
    expect(paymentCommandSchema.safeParse(emitted[0]?.command).success).toBe(true);
  });
});
