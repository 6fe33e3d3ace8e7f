import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { chaosCommand, type ChaosOptions } from './chaos-options.ts';

/** What the command line is understood as, or what is wrong with it. */
async function given(...args: string[]): Promise<{ options?: ChaosOptions; error?: unknown; said: string }> {
  let options: ChaosOptions | undefined;
  let said = '';
  const command = chaosCommand((understood) => {
    options = understood;
    return Promise.resolve();
  }).configureOutput({ writeErr: (text) => (said += text), writeOut: (text) => (said += text) });
  try {
    await command.parseAsync(args, { from: 'user' });
    return { ...(options === undefined ? {} : { options }), said };
  } catch (error) {
    return { error, said };
  }
}

describe('the command line of chaos', () => {
  it('runs the whole matrix when nothing is said', async () => {
    expect((await given()).options).toMatchObject({
      scenario: undefined,
      seed: undefined,
      minutes: undefined,
      resume: undefined,
      list: false,
    });
  });

  it('takes all that it names', async () => {
    const { options } = await given(
      '--scenario',
      'kill-kafka',
      '--seed',
      '7',
      '--minutes',
      '2.5',
      '--resume',
      'state.json',
      '--report',
      'here',
    );
    expect(options).toMatchObject({ scenario: 'kill-kafka', seed: 7, minutes: 2.5, resume: 'state.json', report: 'here' });
  });

  it.each([
    [['--seed', 'x'], '--seed'],
    [['--seed', '-1'], '--seed'],
    [['--minutes', '0'], '--minutes'],
    [['--minutes', 'soon'], '--minutes'],
    [['--speed', '9'], '--speed'],
    [['now'], 'arguments'],
  ])('names what is wrong with %j', async (args, named) => {
    const { error, said } = await given(...args);
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).exitCode).not.toBe(0);
    expect(said).toContain(named);
  });
});
