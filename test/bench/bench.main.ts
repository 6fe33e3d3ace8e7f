/** `npm run bench`: see docs/PERFORMANCE.md. Its answer goes to standard output, how far it is to standard error. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#embedded-runtime';
import { stopWholeSystem } from '#test-kit';
import { AskedFor } from './asked-for.ts';
import { benchCommand, type BenchOptions } from './bench-options.ts';
import { troublesOf, type BenchResult } from './bench-result.ts';
import { openBench } from './bench-system.ts';
import { benchText } from './report/bench-text.ts';
import { ratios } from './report/ratios.ts';
import { machineNow, measureSystem, needsASystem, nothingOfTheSystem, type SystemResult } from './measure-system.ts';
import { measureRebuild } from './rebuild/measure-rebuild.ts';

async function bench(options: BenchOptions): Promise<void> {
  if (!existsSync(join(projectRoot(), 'dist', 'processes'))) throw new Error('the bench measures what was built: `npm run build` first');
  const machine = machineNow();
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const say = (line: string): void => console.error(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  const interrupted = (): void => {
    say('interrupted: stopping what was started');
    // What else was started dies with this process.
    const stopped = options.running ? Promise.resolve() : stopWholeSystem(options.home);
    stopped.catch((error: unknown) => console.error(error)).finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const asked = new AskedFor(options.only, say);
  const ofSystem = needsASystem(asked) ? await withSystem(options, say, asked) : nothingOfTheSystem;
  const { rebuildEvents: events, runs } = options;
  const rebuild = await asked.measured('rebuild', () => measureRebuild({ events, runs, say }));
  const result: BenchResult = { startedAt, machine, ...ofSystem, rebuild, failures: asked.failures };
  const troubles = troublesOf(result);
  console.log(options.json ? JSON.stringify({ ...result, ratios: ratios(result), troubles }) : benchText(result));
  process.exitCode = troubles.length === 0 ? 0 : 1;
}

/** On a system of the bench's own, which is stopped again, unless it was told to use one that runs. */
async function withSystem(options: BenchOptions, say: (line: string) => void, asked: AskedFor): Promise<SystemResult> {
  const system = await openBench({ home: options.home, running: options.running, say });
  try {
    return await measureSystem(system, options, asked);
  } finally {
    say('closing');
    await system.close();
  }
}

try {
  await benchCommand(bench).parseAsync(process.argv);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
