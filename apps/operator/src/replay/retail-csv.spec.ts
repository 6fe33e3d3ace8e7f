import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateDocuments } from '../generate/generate-documents.ts';
import { generateFile } from '../generate/generate-file.ts';
import { retailHeader } from '../generate/retail-document.ts';
import { readRetailRows, type RetailRow } from './retail-csv.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'retail-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function readAll(path: string): Promise<readonly RetailRow[]> {
  const rows: RetailRow[] = [];
  for await (const row of readRetailRows(path)) rows.push(row);
  return rows;
}
const write = async (text: string): Promise<string> => {
  const path = join(directory, 'file.csv');
  await writeFile(path, text);
  return path;
};

describe('a file', () => {
  it.each(['plain.csv', 'packed.csv.gz'])('that was generated is read back, line by line: %s', async (name) => {
    const path = join(directory, name);
    const { lines } = await generateFile({ documents: 200, seed: 3, out: path });
    const rows = await readAll(path);
    const generated = [...generateDocuments({ documents: 200, seed: 3 })];
    expect(rows).toHaveLength(lines);
    expect(
      rows.map(({ documentNo, stockCode, description, quantity, unitPricePence, customer }) => ({
        documentNo,
        stockCode,
        description,
        quantity,
        unitPricePence,
        customer,
      })),
    ).toEqual(
      generated.flatMap(({ documentNo, customer, lines }) =>
        lines.map((line) => ({ documentNo, ...line, customer: customer === '' ? undefined : customer })),
      ),
    );
  });

  it('compressed with xz is read', async () => {
    // printf "$header\n5,10001,A,1,2010-12-01T08:26:00Z,100,,UK\n" | xz --check=crc32 | base64
    const path = join(directory, 'file.csv.xz');
    await writeFile(path, Buffer.from(packed, 'base64'));
    expect(await readAll(path)).toMatchObject([
      { documentNo: '5', stockCode: '10001', quantity: 1, unitPricePence: 100, customer: undefined },
    ]);
  });

  it('of one seed is the same every time, of another seed another', async () => {
    const of = async (seed: number, name: string): Promise<string> => {
      await generateFile({ documents: 50, seed, out: join(directory, name) });
      return readFile(join(directory, name), 'utf8');
    };
    expect(await of(1, 'a')).toBe(await of(1, 'b'));
    expect(await of(1, 'c')).not.toBe(await of(2, 'd'));
  });
});

describe('a file that is not what it should be', () => {
  it('has other columns', async () => {
    await expect(readAll(await write('a,b\n1,2\n'))).rejects.toThrow('line 1: expected the columns');
  });
  it('has a quantity that is no number, and the message names the line', async () => {
    await expect(readAll(await write(`${retailHeader}\n5,1,A,1,x,100,,UK\n5,1,A,1.5,x,100,,UK\n`))).rejects.toThrow(
      'line 3: quantity is not an integer: "1.5"',
    );
  });
  it('is cut off', async () => {
    const path = join(directory, 'cut.csv.gz');
    await generateFile({ documents: 50, seed: 1, out: path });
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length / 2));
    await expect(readAll(path)).rejects.toThrow('unexpected end of file');
  });
  it('is not there', async () => {
    await expect(readAll(join(directory, 'none.csv'))).rejects.toThrow('ENOENT');
    await expect(readAll(join(directory, 'none.csv.xz'))).rejects.toThrow('ENOENT');
  });
});

const packed =
  '/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4ACFAHhdADSbizOxRUJKGfpjUdox3jtSNuUCByLOOxtjKgNTyY9r8EdO+/W1/1TOX/J7IsJ9UpzlEQ/MQFCnVOQEafxs2leUq/5xd36xzFSS+U153MfS0fzrlPkf1FByn0Ick6rnZ+7yOmWJcqrsR+1IJqrs3DQWhxOJgAYAAADEcj9HAAGQAYYBAAD+aKMqPjANiwIAAAAAAVla';
