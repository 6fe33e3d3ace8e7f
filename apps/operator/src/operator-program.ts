import { Command } from 'commander';
import { downVerb } from './down/down.verb.ts';
import { drillCommand } from './drill/drill.command.ts';
import { killVerb, pauseVerb, resumeVerb } from './kill/part-action.verbs.ts';
import { generateVerb } from './generate/generate.verb.ts';
import { addLinkVerb } from './link/link.verb.ts';
import { logsVerb } from './logs/logs.verb.ts';
import { parkedVerb } from './parked/parked.verb.ts';
import { rebuildVerb } from './rebuild/rebuild.verb.ts';
import { regionCommand } from './region/region.command.ts';
import { replayVerb } from './replay/replay.verb.ts';
import { statusVerb } from './status/status.verb.ts';
import { runtime } from './terminal/home.ts';
import { tokenVerb } from './token/token.verb.ts';
import { upVerb } from './up/up.verb.ts';

/** `evenkeel VERB`: one file per verb, each a function that answers its commander command. */
const verbs: readonly (() => Command)[] = [
  upVerb,
  downVerb,
  statusVerb,
  logsVerb,
  killVerb,
  pauseVerb,
  resumeVerb,
  regionCommand,
  drillCommand,
  parkedVerb,
  rebuildVerb,
  tokenVerb,
  replayVerb,
  generateVerb,
];

export function operatorProgram(): Command {
  const program = new Command('evenkeel')
    .description('Two regions on one machine: start them, watch them, break them.')
    .showHelpAfterError();
  for (const makeVerb of verbs) program.addCommand(makeVerb());
  addLinkVerb(program, { control: runtime, print: (line) => void process.stdout.write(`${line}\n`) });
  return program;
}
