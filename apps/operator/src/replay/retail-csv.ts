import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import xz from 'xz-decompress';

/** One line of UCI Online Retail as published in `online-retail.csv.xz`: prices in pence, times in UTC, no blanks trimmed. */
export interface RetailRow {
  /** The line of the file, from 1, the header included. */
  readonly line: number;
  readonly documentNo: string;
  readonly stockCode: string;
  readonly description: string;
  /** Negative in cancellations and write-offs. */
  readonly quantity: number;
  readonly unitPricePence: number;
  /** Undefined: a guest, or the house itself. */
  readonly customer: string | undefined;
}

const columns = [
  'invoice_no',
  'stock_code',
  'description',
  'quantity',
  'invoice_date',
  'unit_price_pence',
  'customer_id',
  'country',
] as const;

/** The file is not what it should be: the message names the line. */
export class RetailFileError extends Error {
  override readonly name = 'RetailFileError';
}

/** The file's text as bytes, decompressed by the end of its name: `.xz`, `.gz`, or as it is. */
export function openRetailFile(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  if (path.endsWith('.gz')) return pipeline(file, createGunzip(), () => undefined); // a failure reaches the reader through the last stream
  if (!path.endsWith('.xz')) return file;
  const plain = new xz.XzReadableStream(Readable.toWeb(file) as ReadableStream<Uint8Array>);
  return Readable.from(plain);
}

/** Streams the rows in file order. @throws RetailFileError, and what the file system and the decompressor throw. */
export async function* readRetailRows(path: string): AsyncGenerator<RetailRow> {
  const source = openRetailFile(path);
  const parser = parse({ bom: true, relax_column_count: false, skip_empty_lines: true });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let line = 0;
  try {
    for await (const record of parser as AsyncIterable<readonly string[]>) {
      line += 1;
      if (line === 1) checkHeader(record);
      else yield rowOf(record, line);
    }
  } finally {
    source.destroy();
  }
}

function checkHeader(record: readonly string[]): void {
  if (record.join() !== columns.join())
    throw new RetailFileError(`line 1: expected the columns ${columns.join()}, found ${record.join().slice(0, 200)}`);
}

function rowOf(record: readonly string[], line: number): RetailRow {
  const [documentNo = '', stockCode = '', description = '', quantity = '', , unitPrice = '', customer = ''] = record;
  if (documentNo === '' || stockCode === '') throw new RetailFileError(`line ${line}: a document number and a stock code are required`);
  return {
    line,
    documentNo,
    stockCode,
    description,
    quantity: integer(quantity, 'quantity', line),
    unitPricePence: integer(unitPrice, 'unit_price_pence', line),
    customer: customer === '' ? undefined : customer,
  };
}

function integer(text: string, column: string, line: number): number {
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value))
    throw new RetailFileError(`line ${line}: ${column} is not an integer: "${text.slice(0, 50)}"`);
  return value;
}
