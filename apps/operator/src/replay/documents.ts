import type { RetailRow } from './retail-csv.ts';

export interface RetailDocument {
  readonly documentNo: string;
  readonly customer: string | undefined;
  readonly rows: readonly RetailRow[];
}

/**
 * Rows grouped into documents, in the order in which the documents begin. A document's rows need not stand together (542806's do
 * not), so this holds the whole file: 542,000 rows are some 150 MB.
 */
export async function groupDocuments(rows: AsyncIterable<RetailRow>): Promise<readonly RetailDocument[]> {
  const grouped = new Map<string, RetailRow[]>();
  for await (const row of rows) {
    const known = grouped.get(row.documentNo);
    if (known === undefined) grouped.set(row.documentNo, [row]);
    else known.push(row);
  }
  return Array.from(grouped, ([documentNo, of]) => ({ documentNo, customer: of[0]?.customer, rows: of }));
}
