/** One line of a file in the format of UCI Online Retail, as this project reads it: prices in pence, times in UTC. */
export interface GeneratedLine {
  readonly stockCode: string;
  readonly description: string;
  readonly quantity: number;
  readonly unitPricePence: number;
}

export interface GeneratedDocument {
  /** Six digits; with `C` in front a cancellation, with `A` a correction of a debt. */
  readonly documentNo: string;
  readonly at: string;
  /** Empty: a guest, or the house itself. */
  readonly customer: string;
  readonly country: string;
  readonly lines: readonly GeneratedLine[];
}

export const retailHeader = 'invoice_no,stock_code,description,quantity,invoice_date,unit_price_pence,customer_id,country';

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The document's lines as CSV text, each ended by a newline. */
export function csvOf(document: GeneratedDocument): string {
  const { documentNo, at, customer, country } = document;
  return document.lines
    .map(({ stockCode, description, quantity, unitPricePence }) =>
      [documentNo, quoted(stockCode), quoted(description), quantity, at, unitPricePence, customer, quoted(country)].join(','),
    )
    .map((line) => `${line}\n`)
    .join('');
}
