/** What is written, parted by whether it stood in `before`. */
export function partedBy<Row>(written: ReadonlyMap<string, Row>, before: ReadonlyMap<string, unknown>): { fresh: Row[]; known: Row[] } {
  const parts: { fresh: Row[]; known: Row[] } = { fresh: [], known: [] };
  for (const [id, row] of written) (before.has(id) ? parts.known : parts.fresh).push(row);
  return parts;
}
