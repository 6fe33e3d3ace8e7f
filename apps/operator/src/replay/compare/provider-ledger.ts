import { z } from 'zod';
import { askJson } from '../../terminal/get-json.ts';

const accountSchema = z.object({
  reference: z.string(),
  customerId: z.string(),
  authorizations: z.int(),
  authorizedMinor: z.int(),
  voided: z.boolean(),
  charges: z.int(),
  capturedMinor: z.int(),
  refundedMinor: z.int(),
});
export type LedgerAccount = Readonly<z.infer<typeof accountSchema>>;
const pageSchema = z.object({ payments: z.array(accountSchema), next: z.int().nullable() });
const pageSize = 5_000;

/** What the payment sandbox believes, by the merchant's reference: the order id. */
export async function readLedger(sandboxUrl: string): Promise<ReadonlyMap<string, LedgerAccount>> {
  const accounts = new Map<string, LedgerAccount>();
  for (let offset: number | null = 0; offset !== null;) {
    const page: z.infer<typeof pageSchema> = await askJson({
      url: `${sandboxUrl}/v1/ledger?offset=${offset}&limit=${pageSize}`,
      answer: pageSchema,
      timeoutMs: 30_000,
    });
    for (const account of page.payments) accounts.set(account.reference, account);
    offset = page.next;
  }
  return accounts;
}
