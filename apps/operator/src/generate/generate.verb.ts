import type { Command } from 'commander';
import { z } from 'zod';
import { answerWith, verb, type CommonOptions } from '../terminal/verb.ts';
import { generateFile } from './generate-file.ts';

const optionsSchema = z.object({
  documents: z.coerce.number().int().min(1).max(400_000),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  out: z.string().min(1),
});

export function generateVerb(): Command {
  return verb('generate', 'write a file of invented orders in the format that `replay` reads')
    .option('--documents <n>', 'invoices, cancellations and write-offs together', '1000')
    .option('--seed <n>', 'the same seed gives the same file', '1')
    .requiredOption('--out <path>', 'where to; compressed when it ends in .gz')
    .action((options: CommonOptions) =>
      answerWith(options, async () => {
        const wanted = optionsSchema.parse(options);
        const { documents, lines } = await generateFile(wanted);
        return { value: { ...wanted, lines }, text: `${wanted.out}: ${documents} documents, ${lines} lines` };
      }),
    );
}
