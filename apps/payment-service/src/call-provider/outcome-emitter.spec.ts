import { expect, it } from 'vitest';
import { commandId, orderId } from '#contracts';
import { OutcomeEmitter } from './outcome-emitter.ts';
import type { OutcomeCommand } from './outcome.command.ts';

const outcome = (name: string): OutcomeCommand => ({
  commandId: commandId(name),
  orderId: orderId(`ord_${name}`),
  command: { type: 'RecordVoided', orderId: orderId(`ord_${name}`), now: '2026-11-21T10:00:00.000Z' },
});

it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
  'an outcome that is added %i turns of promises after an emission has ended is emitted, though nothing comes after it',
  async (turns) => {
    const emitted: string[] = [];
    const acknowledged = Promise.withResolvers<void>();
    const emitter = new OutcomeEmitter({
      emit: async (commands) => {
        emitted.push(...commands.map(({ commandId: id }) => id));
        await acknowledged.promise;
      },
      retryMs: 1_000,
      repeatMs: 1_000,
      onFailure: (error) => expect(error).toBeUndefined(),
      setTimer: () => () => undefined, // time does not pass
    });
    emitter.add('first', outcome('first'));
    await new Promise(setImmediate);
    acknowledged.resolve();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    emitter.add('second', outcome('second'));
    await new Promise(setImmediate);
    expect(emitted).toEqual(['first', 'second']);
    await emitter.close();
  },
);
