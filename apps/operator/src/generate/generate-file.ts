import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { generateDocuments } from './generate-documents.ts';
import { csvOf, retailHeader } from './retail-document.ts';

export interface GenerateOptions {
  readonly documents: number;
  readonly seed: number;
  /** Overwritten. A name that ends in `.gz` is compressed. */
  readonly out: string;
}

function* text(options: GenerateOptions, counted: { documents: number; lines: number }): Generator<string> {
  yield `${retailHeader}\n`;
  for (const document of generateDocuments(options)) {
    counted.documents += 1;
    counted.lines += document.lines.length;
    yield csvOf(document);
  }
}

/** Writes a file of invented orders in the format that `replay` reads. The same options give the same bytes of CSV. */
export async function generateFile(options: GenerateOptions): Promise<{ readonly documents: number; readonly lines: number }> {
  const counted = { documents: 0, lines: 0 };
  const source = Readable.from(text(options, counted));
  const file = createWriteStream(options.out);
  await (options.out.endsWith('.gz') ? pipeline(source, createGzip(), file) : pipeline(source, file));
  return counted;
}
