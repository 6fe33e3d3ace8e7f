import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { ScenarioReport } from '../report/chaos-report.ts';

/**
 * What of a matrix is done, in a file: whoever is interrupted, or has only an hour, goes on where it stood. Each finished scenario is written
 * whole, beside the old file and then renamed, so a kill at any moment leaves either.
 */
export interface ResumeState {
  readonly seed: number;
  readonly finished: readonly ScenarioReport[];
}

const stateSchema = z.object({ seed: z.int(), finished: z.array(z.looseObject({ name: z.string(), verdict: z.string() })) });

/** Undefined: there is no such file yet. @throws Error when it is not such a file */
export async function readState(file: string): Promise<ResumeState | undefined> {
  if (!existsSync(file)) return undefined;
  const parsed = stateSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file} is not the state of a chaos run: ${z.prettifyError(parsed.error)}`);
  return parsed.data as unknown as ResumeState; // only this module writes it
}

export async function writeState(file: string, state: ResumeState): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(state));
  await rename(`${file}.new`, file);
}

/** What is still to be run: all that is not finished; what broke before it was judged is tried again. */
export function leftOf<T extends { readonly name: string }>(all: readonly T[], state: ResumeState | undefined): readonly T[] {
  const judged = new Set(state?.finished.filter(({ verdict }) => verdict !== 'broken').map(({ name }) => name) ?? []);
  return all.filter(({ name }) => !judged.has(name));
}

/** The state with one more report, in place of an earlier one of the same scenario. */
export const withReport = (state: ResumeState, report: ScenarioReport): ResumeState => ({
  ...state,
  finished: [...state.finished.filter(({ name }) => name !== report.name), report],
});
