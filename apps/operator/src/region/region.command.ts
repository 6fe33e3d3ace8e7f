import { Command } from 'commander';
import { cutRegionVerb, healRegionVerb } from './cut-region.verbs.ts';
import { historyRegionVerb } from './history-region.verb.ts';
import { promoteRegionVerb } from './promote-region.verb.ts';
import { killRegionVerb, pauseRegionVerb, resumeRegionVerb, startRegionVerb } from './region-action.verbs.ts';
import { statusRegionVerb } from './status-region.verb.ts';
import { strandedRegionVerb } from './stranded-region.verb.ts';
import { evacuateRegionVerb, returnRegionVerb } from './wish-region.verbs.ts';

/** `evenkeel region VERB`: one file per verb, each a function that answers its commander command. */
const verbs: readonly (() => Command)[] = [
  statusRegionVerb,
  historyRegionVerb,
  strandedRegionVerb,
  evacuateRegionVerb,
  returnRegionVerb,
  promoteRegionVerb,
  killRegionVerb,
  startRegionVerb,
  pauseRegionVerb,
  resumeRegionVerb,
  cutRegionVerb,
  healRegionVerb,
];

export function regionCommand(): Command {
  const region = new Command('region')
    .description('lose a region, cut it off, move its work, and look at what became of it')
    .showHelpAfterError();
  for (const makeVerb of verbs) region.addCommand(makeVerb());
  return region;
}
