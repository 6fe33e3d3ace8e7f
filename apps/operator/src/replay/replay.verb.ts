import type { Command } from 'commander';
import { z } from 'zod';
import type { Topology } from '#contracts';
import { projectorChecksums } from '../status/projector-checksums.ts';
import { writtenTopology } from '../terminal/home.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { tokenSource } from '../token/token-source.ts';
import { agreementWith, type Agreement } from './compare/agreement.ts';
import { groupDocuments } from './documents.ts';
import { expectationOf } from './expectation.ts';
import { planReplay, type ReplayPlan } from './plan.ts';
import { readRetailRows } from './retail-csv.ts';
import { runReplay, type RunResult } from './runner.ts';
import { replayReport } from './replay-report.ts';

const positive = z.coerce.number().positive();
const optionsSchema = z.object({
  json: z.boolean(),
  file: z.string(),
  documents: positive.int().optional(),
  rate: positive.max(10_000).optional(),
  concurrency: positive.int().max(512),
});

const giveUpAfterMs = 180_000;
const firstPauseMs = 200;

export function replayVerb(): Command {
  return verb('replay', 'replay real orders through both regions, then compare both with what the file says')
    .requiredOption('--file <path>', 'UCI Online Retail as CSV, plain or ending in .gz or .xz (or made by `evenkeel generate`)')
    .option('--documents <n>', 'only the first n documents; a later run with more goes on from there')
    .option('--rate <n>', 'documents per second; as fast as it goes when absent')
    .option('--concurrency <n>', 'customers at once', '128')
    .action((options: CommonOptions) => answerWith(options, () => replay(optionsSchema.parse(options))));
}

/** Exit code 0: nothing differs. 1: something does, or a request was refused. 130: interrupted. */
async function replay(options: z.output<typeof optionsSchema>): Promise<Answer> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(new Error('interrupted: run it again to go on, nothing is doubled'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const topology = await writtenTopology();
    const plan = planReplay(await groupDocuments(readRetailRows(options.file)), {
      topology: homesOf(topology),
      documentsMax: options.documents,
    });
    const run = await runReplay(plan, {
      topology,
      token: tokenSource(topology, { subject: 'replay', roles: ['operator', 'importer'] }),
      concurrencyMax: options.concurrency,
      ratePerSecond: options.rate,
      giveUpAfterMs,
      firstPauseMs,
      signal: interrupt.signal,
      progress: progressTo(process.stderr),
    });
    if (run.interrupted) return answer(plan, run, undefined);
    const expectation = await expectationOf(readRetailRows(options.file), options.documents);
    const agreement = await agreementWith({
      topology,
      expectation,
      checksums: projectorChecksums,
      signal: interrupt.signal,
      onWait: (why) => process.stderr.write(`waiting for both regions: ${why}\n`),
      pollMs: 2_000,
      quietMs: 45_000,
      giveUpAfterMs: 600_000,
    });
    return answer(plan, run, agreement);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function answer(plan: ReplayPlan, run: RunResult, agreement: Agreement | undefined): Answer {
  const sound = agreement?.differences.length === 0 && run.failures.length === 0;
  const interrupted = agreement === undefined;
  return {
    value: { ...run, impossible: plan.impossible, agreement: agreement ?? null },
    text: replayReport(plan, run, agreement),
    exitCode: interrupted ? 130 : sound ? 0 : 1,
  };
}

const homesOf = ({ homes }: Topology): Pick<Topology, 'homes'> => ({ homes });

const progressTo = (
  stream: NodeJS.WriteStream,
): { write: (text: string) => void; isTerminal: boolean; everyMs: number; nowMs: () => number } => ({
  write: (text) => void stream.write(text),
  isTerminal: stream.isTTY,
  everyMs: stream.isTTY ? 500 : 10_000,
  nowMs: () => performance.now(),
});
