/**
 * The load generator: a process of its own, so that what the bench itself does (sampling, reading logs) makes no order late. Told one
 * LoadTask by its parent, it places the orders, open loop, tells what they met, and stays until it is let go: its processor time is asked for.
 */
import { Agent } from 'node:http';
import { placeOrderAnswerSchema } from '#contracts';
import { runOpenLoad, type PlaceOrder } from '../../../apps/operator/src/drill/load/open-load.ts';
import type { DueOrder } from '../../../apps/operator/src/drill/recording.ts';
import type { LoadAnswer, LoadMessage, LoadRecord, LoadTask } from './load.protocol.ts';
import { orderSchedule, waitsForOutcome } from './order-schedule.ts';
import { postJson } from '#service-kit/post-json';

const gone = new AbortController();
process.once('disconnect', () => gone.abort()); // let go, or the bench has died: nobody wants the rest

process.once('message', (task) => {
  run(task as LoadTask).then(
    (records) => tell({ kind: 'finished', records }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

const tell = (message: LoadMessage): void => void process.send?.(message);

async function run(task: LoadTask): Promise<readonly LoadRecord[]> {
  const orders = orderSchedule(task.plan);
  const agent = new Agent({ keepAlive: true, maxSockets: task.underWayMax, scheduling: 'lifo' });
  const met = new Map<number, Pick<LoadRecord, 'startMs' | 'answer'>>();
  const startedMs = performance.now();
  const nowMs = (): number => performance.now() - startedMs;
  const place: PlaceOrder = async (order) => {
    const startMs = nowMs();
    const answer = await ask(task, agent, order);
    met.set(order.number, { startMs, answer });
    const outcome =
      answer.kind === 'settled'
        ? ({ kind: 'acknowledged', durability: 'global' } as const)
        : ({ kind: 'unknown', because: answer.what } as const);
    return { outcome, calls: 1 };
  };
  tell({ kind: 'started', atEpochMs: Date.now() });
  const recorded = await runOpenLoad({ orders, place, nowMs, underWayMax: task.underWayMax, signal: gone.signal });
  agent.destroy();
  return recorded.map(({ number, dueMs, endMs }) => {
    const { startMs, answer } = met.get(number) ?? { startMs: endMs, answer: { kind: 'error', what: 'not-started' } as const };
    return { number, dueMs, startMs, endMs, answer };
  });
}

async function ask(task: LoadTask, agent: Agent, order: DueOrder): Promise<LoadAnswer> {
  const { plan, storefronts, waitSeconds, answerWithinMs } = task;
  const { token, home } = plan.customers[order.client.index]!;
  try {
    const { status, text } = await postJson({
      agent,
      url: new URL('/v1/orders', storefronts[home]),
      headers: {
        authorization: `Bearer ${token}`,
        'idempotency-key': order.key,
        ...(waitsForOutcome(order) ? { prefer: `wait=${waitSeconds}` } : {}),
      },
      body: Buffer.from(JSON.stringify({ lines: order.lines })),
      timeoutMs: answerWithinMs,
      answerBytesMax: 64 * 1024,
    });
    if (status !== 201) return { kind: 'error', what: String(status) };
    return { kind: 'settled', told: placeOrderAnswerSchema.parse(JSON.parse(text)).status };
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    return { kind: 'error', what: name === 'TimeoutError' ? 'timeout' : (code ?? name) };
  }
}
