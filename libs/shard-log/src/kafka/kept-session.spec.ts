import { expect, it } from 'vitest';
import { BrokerConnectionError } from './broker-connection.ts';
import { KafkaResponseError } from './kafka-protocol.ts';
import { KeptSession } from './kept-session.ts';

class Session {
  ended = false;
  end(): void {
    this.ended = true;
  }
}

function keptSession() {
  const opened: Session[] = [];
  const kept = new KeptSession(() => {
    const session = new Session();
    opened.push(session);
    return session;
  });
  return { kept, opened };
}

const lost = new BrokerConnectionError('the broker closed the connection');
const timedOut = new BrokerConnectionError('Metadata was not answered within 3000 ms', { timedOut: true });
const refused = new KafkaResponseError('NOT_LEADER_FOR_PARTITION', 'as ordered');

/** Answers a question that fails with these, one after the other, and then succeeds. */
const failing = (...errors: readonly Error[]) => {
  const left = [...errors];
  return async (): Promise<string> => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'answered';
  };
};

it('questions share one session, one after the other and at the same time', async () => {
  const { kept, opened } = keptSession();
  await kept.ask(failing());
  await Promise.all([kept.ask(failing()), kept.ask(failing())]);
  expect(opened).toHaveLength(1);
});

it('a question that loses a kept connection is asked once more, on a new one', async () => {
  const { kept, opened } = keptSession();
  await kept.ask(failing());
  expect(await kept.ask(failing(lost))).toBe('answered');
  expect(opened.map(({ ended }) => ended)).toEqual([true, false]);
});

it('a question that loses a new connection fails, and the next one opens another', async () => {
  const { kept, opened } = keptSession();
  await expect(kept.ask(failing(lost))).rejects.toBe(lost);
  await kept.ask(failing());
  await expect(kept.ask(failing(lost, lost))).rejects.toBe(lost);
  expect(opened.map(({ ended }) => ended)).toEqual([true, true, true]);
});

it('a question that is not answered in time fails after that time, not twice it, and leaves no session behind', async () => {
  const { kept, opened } = keptSession();
  await kept.ask(failing());
  await expect(kept.ask(failing(timedOut))).rejects.toBe(timedOut);
  expect(opened.map(({ ended }) => ended)).toEqual([true]);
});

it('those who waited behind a question that was given up ask once more, and share the new session', async () => {
  const { kept, opened } = keptSession();
  await kept.ask(failing());
  const answers = await Promise.allSettled([kept.ask(failing(timedOut)), kept.ask(failing(lost)), kept.ask(failing(lost))]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(opened.map(({ ended }) => ended)).toEqual([true, false]);
});

it('a refusal by the broker is an answer: the session stays', async () => {
  const { kept, opened } = keptSession();
  await expect(kept.ask(failing(refused))).rejects.toBe(refused);
  await kept.ask(failing());
  expect(opened.map(({ ended }) => ended)).toEqual([false]);
});

it('closed, it ends its session and opens none, whoever asks or asks once more', async () => {
  const { kept, opened } = keptSession();
  await kept.ask(failing());
  const asking = kept.ask(failing(lost));
  kept.close();
  await expect(asking).rejects.toThrow('the cluster is closed');
  await expect(kept.ask(failing())).rejects.toThrow('the cluster is closed');
  expect(opened.map(({ ended }) => ended)).toEqual([true]);
});
