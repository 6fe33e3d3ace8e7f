/**
 * Waits for works that overlap until every one of them has ended, also when one fails: none goes on in a transaction that is
 * over. Then throws what failed first; the later failures mostly follow from it.
 */
export async function together(works: readonly Promise<unknown>[]): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(works.map((work) => work.catch((error: unknown) => failures.push(error))));
  if (failures.length > 0) throw failures[0];
}
