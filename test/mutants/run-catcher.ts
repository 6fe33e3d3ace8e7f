import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { argumentsOf, specsReportPath, type Catcher } from './catchers.ts';
import { verdictOf, type Verdict } from './catcher-report.ts';

export interface CatcherRun {
  /** The copy of the tree. */
  readonly cwd: string;
  /** What takes longer is ended, and its verdict is unclear. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** Runs a catcher on the copy, as it is now, in processes of its own. Throws only when they cannot be started. */
export async function runCatcher(catcher: Catcher, { cwd, withinMs, signal }: CatcherRun): Promise<Verdict & { readonly seconds: number }> {
  const reportPath = join(cwd, specsReportPath);
  rmSync(reportPath, { force: true });
  const startedMs = performance.now();
  const until = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(withinMs))]);
  const ended = await inProcesses(catcher, { cwd, until });
  const seconds = (performance.now() - startedMs) / 1_000;
  if (ended.wasKilled) return { verdict: 'unclear', because: `it did not end within ${Math.round(withinMs / 1_000)} s`, seconds };
  const report = existsSync(reportPath) ? readFileSync(reportPath, 'utf8') : ended.answer;
  return { ...verdictIn(catcher, report, ended.said), seconds };
}

function verdictIn(catcher: Catcher, report: string, said: string): Verdict {
  try {
    return verdictOf(catcher, report);
  } catch {
    return { verdict: 'unclear', because: `it left no report: ${(said + report).trim().slice(-300)}` };
  }
}

interface Ended {
  readonly wasKilled: boolean;
  /** Standard output. */
  readonly answer: string;
  /** The end of standard error. */
  readonly said: string;
}

const saidMax = 100_000;

/** A group of their own, so that workers that are caught in a loop end with it. */
function inProcesses(catcher: Catcher, { cwd, until }: { readonly cwd: string; readonly until: AbortSignal }): Promise<Ended> {
  const environment = catcher.kind === 'specs' ? catcher.environment : {};
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argumentsOf(catcher), {
      cwd,
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const answer: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => answer.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-saidMax)));
    const end = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    if (until.aborted) end();
    until.addEventListener('abort', end);
    child.once('error', reject);
    child.once('close', () => {
      until.removeEventListener('abort', end);
      resolve({ wasKilled: until.aborted, answer: Buffer.concat(answer).toString(), said });
    });
  });
}
