import { setTimeout as delay } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { rebuildAnswerSchema, rebuildUndoneAnswerSchema, type RebuildAnswer } from '#contracts';
import { projectorsAmong } from '../status/status.verb.ts';
import { askJson } from '../terminal/get-json.ts';
import { runtime } from '../terminal/home.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { outcomeLine, progressLine } from './rebuild-lines.ts';
import { wantedAmong, type RebuildTarget } from './rebuild-targets.ts';

interface RebuildVerbOptions extends CommonOptions {
  readonly region: string;
  readonly all: boolean;
  readonly undo: boolean;
}

const pollMs = 500;
const linesEveryMs = 5_000;
/** A projector that was killed is started again by the runtime, and asked to go on. */
const silentMaxMs = 120_000;

export function rebuildVerb(): Command {
  return verb('rebuild [projection]', 'fold the log into new tables beside the live ones, compare, and put them in their place')
    .addOption(new Option('--region <region>', 'the region whose tables are meant').makeOptionMandatory())
    .option('--all', 'every projection of the region', false)
    .option('--undo', 'take the tables back that the last rebuild replaced', false)
    .addHelpText(
      'after',
      '\nInterrupted, it goes on where it was when it is asked for again. Projections that share a checkpoint are rebuilt together.',
    )
    .action((projection: string | undefined, options: RebuildVerbOptions) => answerWith(options, () => rebuildOrUndo(projection, options)));
}

async function rebuildOrUndo(projection: string | undefined, { region, all, undo, json }: RebuildVerbOptions): Promise<Answer> {
  if ((projection !== undefined) === all) throw new Error('name one projection, or --all');
  const { parts } = await runtime().status();
  const projectors = projectorsAmong(parts).filter(({ name }) => name.startsWith(`${region}.`));
  if (projectors.length === 0) throw new Error(`no projector of a region ${region} runs`);
  const known = await Promise.all(projectors.map(async ({ name, url }) => ({ part: name, url, answer: await statusOf(url) })));
  const targets = wantedAmong(known, all ? undefined : projection);
  return undo ? undoAll(targets) : rebuildAll(targets, json ? () => undefined : progressPrinter());
}

const statusOf = (url: string): Promise<RebuildAnswer> => askJson({ url: `${url}/internal/rebuild`, answer: rebuildAnswerSchema });

async function undoAll(targets: readonly RebuildTarget[]): Promise<Answer> {
  const undone = await Promise.all(
    targets.map(({ url }) => askJson({ url: `${url}/internal/rebuild/undo`, method: 'POST', answer: rebuildUndoneAnswerSchema })),
  );
  return { value: undone, text: undone.map(({ projector }) => `${projector}: the former tables are back, and catch up`).join('\n') };
}

type Tell = (answers: readonly RebuildAnswer[]) => void;

async function rebuildAll(targets: readonly RebuildTarget[], tell: Tell): Promise<Answer> {
  const latest = new Map<string, RebuildAnswer>();
  const outcomes = await Promise.all(
    targets.map(({ part, url }) =>
      rebuildOne(url, (answer) => {
        latest.set(part, answer);
        tell([...latest.values()]);
      }),
    ),
  );
  return {
    value: outcomes,
    text: outcomes.map(outcomeLine).join('\n'),
    exitCode: outcomes.every(({ state }) => state === 'done') ? 0 : 1,
  };
}

/** Asks until it is over; a process that begins anew in between is asked to go on. @throws Error when it is silent for too long */
async function rebuildOne(url: string, tell: (answer: RebuildAnswer) => void): Promise<RebuildAnswer> {
  await askJson({ url: `${url}/internal/rebuild`, method: 'POST', answer: rebuildAnswerSchema });
  for (let heardAtMs = performance.now(); ;) {
    await delay(pollMs);
    try {
      const answer = await statusOf(url);
      heardAtMs = performance.now();
      tell(answer);
      if (answer.state === 'done' || answer.state === 'failed') return answer;
      if (answer.state === 'none') await askJson({ url: `${url}/internal/rebuild`, method: 'POST', answer: rebuildAnswerSchema });
    } catch (error) {
      if (performance.now() - heardAtMs > silentMaxMs) throw error;
    }
  }
}

/** One line that is written over on a terminal, else a line now and then. */
function progressPrinter(): Tell {
  const { stderr } = process;
  let saidAtMs = -Infinity;
  return (answers) => {
    const running = answers.filter(({ state }) => state === 'running');
    const nowMs = performance.now();
    if (stderr.isTTY) stderr.write(`\r\u001b[K${running.map(progressLine).join('  ')}`);
    else if (running.length > 0 && nowMs - saidAtMs >= linesEveryMs) {
      stderr.write(`${running.map(progressLine).join('  ')}\n`);
      saidAtMs = nowMs;
    }
  };
}
