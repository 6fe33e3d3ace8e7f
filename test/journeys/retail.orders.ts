import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import type { WholeSystem } from '#test-kit';

export interface RetailFile {
  readonly system: WholeSystem;
  readonly documents: number;
  readonly seed: number;
  /** Two digits. Files of different shops have no document, customer or sku in common, so that one system can replay them all. */
  readonly shop: string;
}

const line = /^([CA]?)(\d+),(\d{5})?([^,]*),(.*),(\d*),([^,]*)$/;

/** Writes a generated file of orders into the system's home, as a shop of its own, and answers with its path. */
export async function retailFile({ system, documents, seed, shop }: RetailFile): Promise<string> {
  const generated = join(system.home, `generated-${shop}.csv`);
  await system.command.succeed(['generate', '--documents', String(documents), '--seed', String(seed), '--out', generated]);
  const path = join(system.home, `orders-of-${shop}.csv`);
  const output = createWriteStream(path);
  for await (const text of createInterface({ input: createReadStream(generated), crlfDelay: Infinity })) {
    const [, kind, document, code, codeEnd, middle, customer, country] = line.exec(text) ?? [];
    const known = document !== undefined && customer !== undefined;
    output.write(
      known
        ? `${kind}${shop}${document},${code === undefined ? codeEnd : `${code}${codeEnd}-${shop}`},${middle},${customer === '' ? '' : `${shop}${customer}`},${country}\n`
        : `${text}\n`, // the header
    );
  }
  output.end();
  await once(output, 'finish');
  return path;
}

/** `evenkeel replay --json`, as much of it as a test needs. */
export const replaySchema = z.object({
  documents: z.number(),
  documentsPerSecond: z.number(),
  retries: z.number(),
  failures: z.array(z.string()),
  agreement: z.object({ differences: z.array(z.unknown()), seconds: z.number() }).nullable(),
});
