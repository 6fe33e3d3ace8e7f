import type { Command } from 'commander';
import { z } from 'zod';
import { writtenTopology } from '../terminal/home.ts';
import { answerWith, verb, type CommonOptions } from '../terminal/verb.ts';
import { mintFor } from './mint.ts';

const rolesSchema = z.array(z.enum(['operator', 'importer']));
const hoursMax = 24 * 30;
const hoursSchema = z.coerce.number().positive().max(hoursMax);

interface TokenOptions extends CommonOptions {
  readonly customer?: string;
  readonly role: readonly string[];
  readonly hours: string;
}

export function tokenVerb(): Command {
  return verb('token', 'print a bearer token that the running system accepts')
    .option('--customer <id>', 'the customer that the token speaks for')
    .option('--role <role...>', 'operator (products, stock, shipping), importer (states prices, acts for any customer)', [])
    .option('--hours <n>', `how long it is valid, at most ${hoursMax}`, '12')
    .action((options: TokenOptions) =>
      answerWith(options, async () => {
        const roles = rolesSchema.parse(options.role);
        if (options.customer === undefined && roles.length === 0)
          throw new Error('say whom it is for: --customer ID, --role ROLE, or both');
        const subject = options.customer ?? roles[0]!;
        const token = await mintFor(await writtenTopology(), {
          subject,
          roles,
          validForSeconds: Math.round(hoursSchema.parse(options.hours) * 3600),
        });
        return { value: { token, subject, roles }, text: token };
      }),
    );
}
