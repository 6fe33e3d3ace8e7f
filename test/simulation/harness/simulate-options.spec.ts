import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, optionsFrom, type SimulateOptions } from './simulate-options.ts';

function read(...args: readonly string[]): {
  readonly options?: SimulateOptions;
  readonly exitCode?: number | undefined;
  readonly said: string;
} {
  const said: string[] = [];
  const print = (text: string): void => void said.push(text);
  try {
    return { options: optionsFrom(args, { out: print, err: print }), said: said.join('') };
  } catch (error) {
    return { exitCode: exitCodeOf(error), said: said.join('') };
  }
}

describe('the options', () => {
  it('of one run', () => {
    expect(read('--seed', '42').options).toEqual({
      kind: 'one',
      seed: 42,
      steps: 2_000,
      shape: undefined,
      faults: undefined,
      trace: false,
      shrinkRuns: 300,
      json: false,
    });
    const faults = [{ atStep: 3, fault: 'link-cut', region: 'east', argument: 7 }];
    expect(read('--seed', '0', '--trace', '--steps', '10', '--shape', 'passive', '--faults', JSON.stringify(faults)).options).toMatchObject(
      {
        seed: 0,
        steps: 10,
        shape: 'passive',
        trace: true,
        faults,
      },
    );
  });

  it('of many', () => {
    expect(read('--seeds', '300').options).toEqual({
      kind: 'many',
      seeds: 300,
      from: 1,
      minutes: undefined,
      keepGoing: false,
      threads: availableParallelism(),
      againEvery: 100,
      steps: 2_000,
      shape: undefined,
      shrinkRuns: 300,
      json: false,
    });
    const all = [
      '--from',
      '500',
      '--minutes',
      '0.5',
      '--keep-going',
      '--threads',
      '1',
      '--again-every',
      '0',
      '--json',
      '--shrink-runs',
      '0',
    ];
    expect(read('--seeds', '10', ...all).options).toMatchObject({
      from: 500,
      minutes: 0.5,
      keepGoing: true,
      threads: 1,
      againEvery: 0,
      json: true,
      shrinkRuns: 0,
    });
  });

  it.each([
    [['--seed', 'x'], "'--seed <n>'"],
    [['--seed', '-1'], "'--seed <n>'"],
    [['--seed', '1.5'], "'--seed <n>'"],
    [['--seed', '4294967296'], "'--seed <n>'"],
    [['--seed', ''], "'--seed <n>'"],
    [['--seed'], "'--seed <n>'"],
    [['--seeds', '0'], "'--seeds <n>'"],
    [['--seeds', '10', '--threads', '0'], "'--threads <n>'"],
    [['--seeds', '10', '--minutes', 'soon'], "'--minutes <n>'"],
    [['--seeds', '10', '--steps', '0'], "'--steps <n>'"],
    [['--seeds', '10', '--shape', 'four'], "'--shape <shape>'"],
    [['--seeds', '10', '--from', '4294967290'], "'--from <seed>'"],
    [['--seeds', '10', '--shrink-runs', '-1'], "'--shrink-runs <n>'"],
    [['--seed', '1', '--seeds', '10'], "'--seed <n>' cannot be used with option '--seeds <n>'"],
    [['--seed', '1', '--from', '10'], "'--from <seed>'"],
    [['--seed', '1', '--keep-going'], "'--keep-going'"],
    [['--seed', '1', '--minutes', '1'], "'--minutes <n>'"],
    [['--seeds', '1', '--trace'], "'--trace'"],
    [['--seeds', '1', '--faults', '[]'], "'--faults <json>'"],
    [['--seed', '1', '--faults', '[{"atStep":1}]'], "'--faults <json>'"],
    [['--seed', '1', '--faults', 'none'], "'--faults <json>'"],
    [['--seed', '1', '--nonsense'], "'--nonsense'"],
    [['--seed', '1', 'now'], 'too many arguments'],
    [[], "option '--seeds <n>'"],
  ])('%j are refused with exit code 2, and %s is named', (args, named) => {
    const { options, exitCode, said } = read(...args);
    expect(options).toBeUndefined();
    expect(exitCode).toBe(2);
    expect(said).toContain(named);
  });

  it('--help is no failure', () => {
    expect(read('--help')).toMatchObject({ exitCode: 0, said: expect.stringContaining('--keep-going') as string });
  });

  it('what is none of the options’ errors has no exit code here', () => expect(exitCodeOf(new Error('other'))).toBeUndefined());
});
