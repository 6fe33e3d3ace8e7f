/**
 * Waits for works that overlap until every one of them has ended, also when one fails: none goes on in a transaction that is
 * over. Then throws what failed first. PostgreSQL refuses whatever follows a failure in its transaction, and its refusals may be heard
 * before the failure itself (a work that awaits more is told later), so they are thrown only if nothing else failed.
 */
export async function together(works: readonly Promise<unknown>[]): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(works.map((work) => work.catch((error: unknown) => failures.push(error))));
  if (failures.length > 0) throw failures.find((error) => !followsFromAnother(error)) ?? failures[0];
}

/** `in_failed_sql_transaction`: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const followsFromAnother = (error: unknown): boolean => error instanceof Error && (error as { code?: unknown }).code === '25P02';
