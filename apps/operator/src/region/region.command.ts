import { Command } from 'commander';
import { cutRegionVerb, healRegionVerb } from './cut-region.verbs.ts';

/** `evenkeel region VERB`: one file per verb, each a function that answers its commander command. */
const verbs: readonly (() => Command)[] = [cutRegionVerb, healRegionVerb];

export function regionCommand(): Command {
  const region = new Command('region')
    .description('lose a region, cut it off, move its work, and look at what became of it')
    .showHelpAfterError();
  for (const makeVerb of verbs) region.addCommand(makeVerb());
  return region;
}
