import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { regionsOf, type Topology } from '#contracts';
import { NotRunningError, runtimeHome } from '#embedded-runtime';
import { z } from 'zod';
import { stopRuntime } from '../down/down.verb.ts';
import { regionNamed } from '../region/agents.ts';
import { runtime, writtenTopology } from '../terminal/home.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { runDetached } from '../up/detached.ts';
import { notYetHome } from './fault/await-home.ts';
import { faultOf, type FaultName } from './fault/faults.ts';
import { drillRegionLoss } from './region-loss.ts';
import { reportJson, type DrillReport } from './report/drill-report.ts';
import { reportHtml } from './report/report-html.ts';
import { reportText } from './report/report-text.ts';

const positive = z.coerce.number().positive();
const optionsSchema = z.object({
  json: z.boolean(),
  ordersPerSecond: positive.max(2_000),
  seconds: positive.min(15).max(3_600),
  warmUp: z.coerce.number().min(0).max(600),
  region: z.string().optional(),
  cut: z.boolean(),
  pause: z.boolean(),
  evacuate: z.boolean(),
  seed: z.coerce.number().int().min(0),
  report: z.string().optional(),
});
type DrillOptions = z.output<typeof optionsSchema>;

const pollMs = 1_000;
const wholeTimeoutMs = 180_000;

/** `evenkeel drill DRILL`: breaks the running system in earnest, and says what its clients saw. */
export function drillCommand(): Command {
  const drill = new Command('drill')
    .description('break the running system under load, and check that nothing is lost')
    .showHelpAfterError();
  drill.addCommand(
    verb('region-loss', 'lose a region under load, bring it back, check everything; starts the system when none runs')
      .option('--orders-per-second <n>', 'due evenly, answered or not', '40')
      .option('--seconds <n>', 'of load: a third before the fault, a third until the remedy, the rest while it returns', '90')
      .option('--warm-up <n>', 'seconds before that in which the rate rises from nothing', '15')
      .option('--region <region>', 'the one that is lost; the first home when absent')
      .option('--cut', 'cut it off instead of killing it: both sides live, and take orders', false)
      .option('--pause', 'SIGSTOP all of it for 20 s instead of killing it', false)
      .option('--evacuate', 'evacuate it on purpose instead of killing it', false)
      .option('--seed <n>', 'of the order of clients and lines', '1')
      .option('--report <folder>', 'where the report goes, as JSON and HTML; `drills` in the home when absent')
      .action((options: CommonOptions) => answerWith(options, () => regionLoss(optionsSchema.parse(options)))),
  );
  return drill;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Exit code 0: every invariant holds, and the region is back by itself. Objectives for time are reported, not judged. */
async function regionLoss(options: DrillOptions): Promise<Answer> {
  const started = await startIfNoneRuns();
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const topology = await writtenTopology();
    const region = options.region === undefined ? topology.homes[0]! : regionNamed(topology, options.region);
    if (regionsOf(topology).length < 2) throw new Error('there is no other region to carry on');
    await untilWhole(topology, interrupt.signal);
    const report = await drillRegionLoss({
      topology,
      region,
      fault: faultOf(faultWished(options), region),
      ordersPerSecond: options.ordersPerSecond,
      seconds: options.seconds,
      warmUpSeconds: options.warmUp,
      seed: options.seed,
      signal: interrupt.signal,
      say,
    });
    const files = await write(report, options.report ?? join(runtimeHome().root, 'drills'));
    return {
      value: { ...(JSON.parse(reportJson(report)) as object), files },
      text: `${reportText(report)}\n\n${files.html}\n${files.json}`,
      exitCode: report.sound ? 0 : 1,
    };
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    if (started) await stopRuntime();
  }
}

function faultWished({ cut, pause, evacuate }: DrillOptions): FaultName {
  const wished = (['cut', 'pause', 'evacuate'] as const).filter((name) => ({ cut, pause, evacuate })[name]);
  if (wished.length > 1) throw new Error(`one fault at a time: ${wished.map((name) => `--${name}`).join(' or ')}`);
  return wished[0] ?? 'kill';
}

async function startIfNoneRuns(): Promise<boolean> {
  try {
    await runtime().status();
    return false;
  } catch (error) {
    if (!(error instanceof NotRunningError)) throw error;
    say('nothing runs here: starting it, and stopping it afterwards');
    await runDetached(['up']);
    return true;
  }
}

/** A drill begins with a whole system, so that what it finds is its own doing. @throws Error with what is missing */
async function untilWhole(topology: Topology, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + wholeTimeoutMs;
  let told = '';
  for (;;) {
    const unready = (await runtime().status()).parts.filter(
      ({ state, unready: why }) => state !== 'missing' && (state !== 'ready' || why !== undefined),
    );
    const missing =
      unready.length > 0
        ? `not ready: ${unready.map(({ name, state, unready: why }) => `${name} (${why ?? state})`).join(', ')}`
        : await notYetHome(topology);
    if (missing === undefined) return;
    if (performance.now() > deadlineMs) throw new Error(`the system is not whole, so there is nothing to drill: ${missing}`);
    if (missing !== told) say(`waiting until the system is whole: ${missing}`);
    told = missing;
    signal.throwIfAborted();
    await new Promise((done) => setTimeout(done, pollMs));
  }
}

async function write(report: DrillReport, folder: string): Promise<{ readonly json: string; readonly html: string }> {
  await mkdir(folder, { recursive: true });
  const base = resolve(folder, `${report.plan.startedAt.replaceAll(/[:.]/g, '-')}-${report.plan.fault}-${report.plan.region}`);
  const files = { json: `${base}.json`, html: `${base}.html` };
  await writeFile(files.json, `${reportJson(report)}\n`);
  await writeFile(files.html, reportHtml(report));
  return files;
}
