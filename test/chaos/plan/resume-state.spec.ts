import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { broken, notRun } from '../report/chaos-report.ts';
import { matrixOf } from './matrix.ts';
import { leftOf, readState, withReport, writeState, type ResumeState } from './resume-state.ts';

const matrix = matrixOf({ seed: 1, regions: ['east', 'west'] });
const [first, second, third] = matrix as [(typeof matrix)[0], (typeof matrix)[0], (typeof matrix)[0]];
const none: ResumeState = { seed: 1, finished: [] };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-resume-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a matrix that is gone on with', () => {
  it('leaves out what was judged, and what this machine cannot do', () => {
    const state = withReport(withReport(none, { ...broken(first, 'x'), verdict: 'violated' }), notRun(second, 'no disk'));
    expect(leftOf(matrix, state)).toEqual(matrix.slice(2));
  });

  it('tries again what broke before it was judged, and keeps one report of it', () => {
    const once = withReport(none, broken(third, new Error('no system')));
    expect(leftOf(matrix, once)).toEqual(matrix);
    expect(withReport(once, { ...broken(third, 'x'), verdict: 'held' }).finished).toHaveLength(1);
  });

  it('is whole when there is no state', () => {
    expect(leftOf(matrix, undefined)).toEqual(matrix);
  });
});

describe('the file of a state', () => {
  it('gives back what was written, and leaves nothing beside it', async () => {
    const file = join(folder, 'deep', 'state.json');
    const state = withReport(none, notRun(first, 'why'));
    await writeState(file, state);
    expect(await readState(file)).toEqual(JSON.parse(JSON.stringify(state)));
    expect(await readdir(join(folder, 'deep'))).toEqual(['state.json']);
  });

  it('that is not there is no state', async () => {
    expect(await readState(join(folder, 'none.json'))).toBeUndefined();
  });

  it('that is something else is refused, by its name', async () => {
    const file = join(folder, 'other.json');
    await writeFile(file, '{"seed": "one"}');
    await expect(readState(file)).rejects.toThrow(/other\.json is not the state of a chaos run: .*seed/s);
  });
});
