/** A member of the group, with the partitions that it had before (it says so itself when it joins). */
export interface GroupMember {
  readonly id: string;
  readonly had: readonly number[];
}

/**
 * Shares partitions out evenly and moves as few as possible: each member keeps what it had, up to its share; the rest fills the others
 * up. Every partition goes to exactly one member. Deterministic, whichever member happens to lead the group.
 */
export function assignPartitions(members: readonly GroupMember[], partitions: number): ReadonlyMap<string, readonly number[]> {
  const byHolding = members.toSorted((a, b) => b.had.length - a.had.length || (a.id < b.id ? -1 : 1));
  const share = Math.floor(partitions / members.length);
  const withOneMore = partitions % members.length;
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
  const shares = byHolding.map(({ id, had }, index) => {
    const size = share + (index < withOneMore ? 1 : 0);
    const kept = [...new Set(had)].filter((partition) => free.has(partition)).slice(0, size);
    for (const partition of kept) free.delete(partition);
    return { id, size, assigned: kept };
  });
  const rest = [...free];
  for (const { size, assigned } of shares) assigned.push(...rest.splice(0, size - assigned.length));
  return new Map(shares.map(({ id, assigned }) => [id, assigned.toSorted((a, b) => a - b)]));
}
