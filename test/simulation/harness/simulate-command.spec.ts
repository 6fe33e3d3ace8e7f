import { describe, expect, it } from 'vitest';
import { simulateCommand } from './simulate-command.ts';
import * as tables from './synthetic.world.ts';
import { breaks, seedThat } from './synthetic.world.ts';
import { repeatsExactly } from './world.port.ts';

const world = new URL('synthetic.world.ts', import.meta.url);

async function simulate(...args: readonly string[]) {
  const [printed, said]: [string[], string[]] = [[], []];
  const threads = args.includes('--seeds') ? ['--threads', '1'] : []; // each takes a moment to begin
  const exitCode = await simulateCommand([...args, ...threads, '--steps', '60'], {
    world,
    tables,
    print: (text) => void printed.push(text),
    say: (text) => void said.push(text),
    isTerminal: false,
    interrupted: new AbortController().signal,
  });
  return { exitCode, printed: printed.join('\n'), said: said.join('') };
}
const valueOf = async (...args: readonly string[]) => JSON.parse((await simulate(...args, '--json')).printed) as Record<string, unknown>;

describe('--seed', () => {
  it('repeats a run exactly', async () => {
    const [once, again] = await Promise.all([simulate('--seed', '3'), simulate('--seed', '3')]);
    expect(again).toEqual(once);
    expect(once).toMatchObject({
      exitCode: 0,
      printed: expect.stringMatching(/^seed 3, two, 60 steps, 14 faults: trace [0-9a-f]{16}\n/) as string,
    });
    expect(once.printed).toMatch(/nothing broken$/);
  });

  it('shows of a run that breaks something the two faults that do it, and the events that matter', async () => {
    const { exitCode, printed } = await simulate('--seed', '7', '--shrink-runs', '500');
    expect(exitCode).toBe(1);
    const schedule = /^ {2}step \d+ +(\S+)/gm;
    expect([...printed.matchAll(schedule)].map(([, fault]) => fault)).toEqual(['process-crash', 'link-cut']);
    expect(printed).toMatch(/shrunk from 14 faults to 2, from 60 steps to \d+, in \d+ runs: as small as can be/);
    expect(printed).toContain('nothing breaks: order.east.1 is broken');
    expect(printed).toMatch(/events that matter\n(.*\n)*.*VIOLATION nothing breaks/);
  });

  it('prints a command that repeats the small run', async () => {
    const { printed } = await simulate('--seed', '7');
    const [, args, faults] = /npm run simulate -- (.*) --faults '(.*)'/.exec(printed)!;
    const { exitCode, printed: again } = await simulate(
      ...args!.split(' ').filter((_, i, all) => all[i] !== '--steps' && all[i - 1] !== '--steps'),
      '--faults',
      faults!,
    );
    expect(exitCode).toBe(1);
    expect(again).toContain('2 faults');
  });

  it('prints all of the trace when it is asked to', async () => {
    const { printed } = await simulate('--seed', '3', '--trace');
    expect(printed.split('\n').filter((line) => line.includes('append to order.east.'))).toHaveLength(60);
  });

  it('answers with one JSON value', async () => {
    const value = await valueOf('--seed', '7');
    expect(value).toMatchObject({ result: { seed: 7, violations: [{ property: 'nothing breaks' }] }, explanation: { faults: [{}, {}] } });
    expect(Object.keys((value['result'] as { coverage: object }).coverage)).not.toEqual([]);
  });
});

describe('--seeds', () => {
  it('ends at the first failure, shows it small, and how to repeat it', async () => {
    const { exitCode, printed } = await simulate('--seeds', '400', '--from', '5', '--again-every', '0');
    expect(exitCode).toBe(1);
    expect(printed).toMatch(/^3 of 400 seeds from 5 \(two 3\), ended by a failure: 180 steps in/);
    expect(printed).toContain('shrunk from 14 faults to 2');
    expect(printed).toMatch(/1 SEEDS BROKE SOMETHING: 7$/);
  });

  it('goes on to the end when it is told to, and lists all that failed', async () => {
    const value = await valueOf('--seeds', '120', '--from', '0', '--keep-going');
    const failures = value['failures'] as readonly { failed: { seed: number } }[];
    const expected = Array.from({ length: 120 }, (_, seed) => seed).filter(breaks);
    expect(failures.map(({ failed }) => failed.seed).sort((a, b) => a - b)).toEqual(expected);
    expect(value).toMatchObject({ seeds: 120, steps: 7_200, repeated: 2, endedBy: 'all seeds', counts: { appends: 7_200, seedMax: 119 } });
  });

  it('of a clean range exits with 0, with the counts and the coverage', async () => {
    const { exitCode, printed, said } = await simulate('--seeds', '40', '--from', '10');
    expect(exitCode).toBe(0);
    expect(printed).toContain('appends 2,400, seedMax 49');
    expect(printed).toContain('TAKEOVER       claimed  cut');
    expect(printed).toMatch(/nothing broken$/);
    expect(said).toContain('40/40 seeds (100 %)');
  });

  it('finds a run that does not repeat', async () => {
    const value = await valueOf('--seeds', '3', '--from', String(seedThat.doesNotRepeat), '--again-every', '1', '--keep-going');
    expect(value).toMatchObject({
      repeated: 3,
      failures: [{ failed: { seed: seedThat.doesNotRepeat, violations: [{ property: repeatsExactly }] } }],
    });
  });

  it('begins no further seed when its minutes are over', async () => {
    expect(await valueOf('--seeds', '400', '--from', '10', '--minutes', '0')).toMatchObject({ seeds: 0, endedBy: 'time', failures: [] });
  });

  it('above 300 seeds, a pair that was never reached is a failure; with fewer it is listed only', async () => {
    const never = { ...tables, coveragePairs: [...tables.coveragePairs, { fault: 'mirror-loss', step: 'return.home' } as const] };
    const codeOf = async (seeds: number) => {
      const printed: string[] = [];
      const parts = { world, tables: never, print: (text: string) => void printed.push(text), say: () => {}, isTerminal: false };
      const args = ['--seeds', String(seeds), '--from', '10000', '--steps', '2', '--keep-going', '--threads', '1'];
      const exitCode = await simulateCommand(args, { ...parts, interrupted: new AbortController().signal });
      return { exitCode, isListed: printed.join('').includes('NEVER REACHED') };
    };
    expect(await codeOf(6)).toEqual({ exitCode: 0, isListed: true });
    expect(await codeOf(301)).toEqual({ exitCode: 1, isListed: true });
  });

  it('says what is wrong with its options, with exit code 2', async () => {
    expect(await simulate('--seeds', 'many')).toMatchObject({
      exitCode: 2,
      printed: '',
      said: expect.stringContaining('--seeds <n>') as string,
    });
  });

  it('tells what is known when it is interrupted', async () => {
    const printed: string[] = [];
    const parts = { world, tables, print: (text: string) => void printed.push(text), say: () => {}, isTerminal: false };
    const exitCode = await simulateCommand(['--seeds', '10'], { ...parts, interrupted: AbortSignal.abort() });
    expect(exitCode).toBe(130);
    expect(printed.join('')).toContain('0 of 10 seeds from 1 (), ended by interruption');
  });
});
