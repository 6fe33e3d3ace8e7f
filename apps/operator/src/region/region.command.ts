import { Command } from 'commander';
import { cutRegionVerb, healRegionVerb } from './cut-region.verbs.ts';
import { killRegionVerb, pauseRegionVerb, resumeRegionVerb, startRegionVerb } from './region-action.verbs.ts';

/** `evenkeel region VERB`: one file per verb, each a function that answers its commander command. */
const verbs: readonly (() => Command)[] = [
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
