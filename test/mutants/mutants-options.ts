import { Command } from 'commander';
import { z } from 'zod';
import type { Mutant } from './mutant.ts';

const optionsSchema = z.object({
  only: z
    .string()
    .optional()
    .transform((names) =>
      names
        ?.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  json: z.boolean(),
  list: z.boolean(),
});
export type MutantsOptions = Readonly<z.output<typeof optionsSchema>>;

/** The command line, to be given its action. */
export const mutantsCommand = (action: (options: MutantsOptions) => Promise<void>): Command =>
  new Command('mutants')
    .description(
      'Plants one bug after the other in a copy of the tree and sees that the simulations find it. Exit code 1: one was not found.',
    )
    .option('--only <names>', 'of these, with commas between; docs/MUTANTS.md is written only when all were tried')
    .option('--json', 'answer with one JSON value', false)
    .option('--list', 'say which there are, and try none', false)
    .showHelpAfterError()
    .action((given: unknown) => action(optionsSchema.parse(given)));

/** @throws when a name is none of a mutant */
export function chosen(mutants: readonly Mutant[], only: readonly string[] | undefined): readonly Mutant[] {
  if (only === undefined) return mutants;
  const unknown = only.filter((name) => !mutants.some((mutant) => mutant.name === name));
  if (unknown.length > 0) throw new Error(`no such mutant: ${unknown.join(', ')}`);
  return mutants.filter(({ name }) => only.includes(name));
}
