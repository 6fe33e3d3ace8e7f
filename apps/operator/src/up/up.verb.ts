import { Option, type Command } from 'commander';
import { z } from 'zod';
import { extras, runForeground, type EmbeddedRuntime, type Extra } from '#embedded-runtime';
import { writtenTopology } from '../terminal/home.ts';
import { answerWith, verb, type CommonOptions } from '../terminal/verb.ts';
import { mintFor } from '../token/mint.ts';
import { runDetached } from './detached.ts';
import { assembleRuntime } from './system.ts';
import { sampleCustomer, welcome } from './welcome.ts';

interface UpOptions extends CommonOptions {
  readonly detach: boolean;
  readonly fresh: boolean;
  readonly sample: boolean;
  readonly instances?: string;
  readonly system?: string;
  readonly with: readonly Extra[];
}

const instancesSchema = z.coerce.number<string>().int().min(1).max(9);
const tokenSeconds = 12 * 3600;

export function upVerb(): Command {
  return verb('up', 'start both regions, the witness and the payment sandbox')
    .option('--detach', 'return when everything is ready; `evenkeel down` stops it', false)
    .option('--fresh', 'forget all that an earlier run stored', false)
    .option('--instances <n>', 'of the storefront and of each service, in each region')
    .option('--system <file>', 'what to start, instead of deploy/topology/embedded.json: other addresses run beside it')
    .option('--sample', 'load a sample catalogue', false)
    .addOption(new Option('--with <extra...>', 'what to start besides').choices(extras).default([], 'nothing'))
    .action((options: UpOptions) =>
      options.detach ? answerWith(options, () => runDetached(argumentsOf(options))) : upInForeground(options),
    );
}

/** The options of the detached process, which runs in its own foreground. */
const argumentsOf = ({ fresh, sample, instances, system, with: besides }: UpOptions): readonly string[] => [
  'up',
  ...(fresh ? ['--fresh'] : []),
  ...(sample ? ['--sample'] : []),
  ...(instances === undefined ? [] : ['--instances', instances]),
  ...(system === undefined ? [] : ['--system', system]),
  ...(besides.length === 0 ? [] : ['--with', ...besides]),
];

async function upInForeground(options: UpOptions): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${options.json ? JSON.stringify({ report: line }) : line}\n`);
  try {
    const instances = options.instances === undefined ? undefined : instancesSchema.parse(options.instances);
    const { fresh, sample, system: file, with: besides } = options;
    const runtime = await assembleRuntime({ fresh, sample, instances, file, with: besides, report: say });
    process.exitCode = await runForeground(runtime, { report: say, onReady: () => tellReady(runtime, options.json, say) });
  } catch (error) {
    say(`evenkeel: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function tellReady(runtime: EmbeddedRuntime, json: boolean, say: (line: string) => void): Promise<void> {
  const topology = await writtenTopology();
  const { parts, readyAfterMs = 0 } = await runtime.status();
  const customerToken = await mintFor(topology, { subject: sampleCustomer, roles: [], validForSeconds: tokenSeconds });
  if (json) process.stdout.write(`${JSON.stringify({ ready: true, readyAfterMs, parts })}\n`);
  else say(`\n${welcome({ topology, parts, readyAfterMs, customerToken })}\n\nCtrl-C stops everything.`);
}
