import type { Mutant } from '../mutant.ts';

const procedures = 'libs/regions/src/procedures';
const said = 'ADR 0020';

/** Takeover, return and handoff. */
export const proceduresMutants: readonly Mutant[] = [
  {
    name: 'takeover-without-a-cut',
    breaks: 'a takeover writes its cut, and reads it back, before it looks for bases',
    said,
    file: `${procedures}/takeover.ts`,
    find: `  if (cutAt < term)
    return cut(procedure, term, \`claim`,
    replace: `  if (cutAt < 0)
    return cut(procedure, term, \`claim`,
    caughtBy: ['model'],
  },
  {
    name: 'takeover-without-closes',
    breaks: 'a takeover closes the present term of its own shards: their base is the seq at the first close',
    said,
    file: `${procedures}/situation.ts`,
    find: 'const log = endsBelowReceipts === undefined ? seen.log : undefined;',
    replace: `const closed = lineage.status.status === 'claimed' ? seen.log?.acceptedSeq : seen.log?.closedAt;
    const log = endsBelowReceipts === undefined ? seen.log && { ...seen.log, closedAt: closed } : undefined;`,
    caughtBy: ['model'],
  },
  {
    name: 'base-from-the-mirror',
    breaks: 'a shard’s base is the highest receipt before the cut, not what an agent has read of the mirror',
    said: 'ARCHITECTURE, "Ownership changes by a reconciler"',
    file: `${procedures}/takeover.ts`,
    find: `const base = Math.max(last.base, receiptedSeq ?? 0, last.mode === 'solo' ? (log?.acceptedSeq ?? 0) : 0);`,
    replace: 'const base = Math.max(last.base, log?.acceptedSeq ?? receiptedSeq ?? 0);',
    caughtBy: ['model'],
  },
  {
    name: 'base-below-the-segment',
    breaks: 'where no receipt of the term is there, or a lower one, the base is the segment’s own',
    said,
    file: `${procedures}/takeover.ts`,
    find: `const base = Math.max(last.base, receiptedSeq ?? 0, last.mode`,
    replace: `const base = Math.max(receiptedSeq ?? 0, last.mode`,
    caughtBy: ['model'],
  },
  {
    name: 'newest-receipt-instead-of-the-highest',
    breaks: 'the base is the highest receipt of the term: a lagging agent repeats lower ones',
    said: 'ADR 0021',
    file: `${procedures}/receipts-fold.ts`,
    find: 'terms.set(term, Math.max(seq, terms.get(term) ?? 0));',
    replace: 'terms.set(term, seq);',
    caughtBy: ['model'],
  },
  {
    name: 'base-counts-receipts-behind-the-cut',
    breaks: 'receipts behind a cut of a later term count for no base',
    said,
    file: `${procedures}/receipts-fold.ts`,
    find: `      if (term < this.#cut) continue; // a cut of a later term stands before it\n`,
    replace: '',
    caughtBy: ['model'],
  },
  {
    name: 'paired-before-the-bases-are-reached',
    breaks: 'the status becomes `paired` when a receipt of its very term has reached every shard’s base, and not before',
    said: 'ADR 0020 c',
    file: `${procedures}/rejoining.ts`,
    find: `const missing = now.shards.filter((shard) => shard.last.mode !== 'paired' || !isReached(shard));`,
    replace: `const missing = now.shards.filter((shard) => shard.last.mode !== 'paired');`,
    caughtBy: ['model'],
  },
  {
    name: 'paired-while-a-shard-is-solo',
    breaks: 'the status becomes `paired` when every shard’s last segment is paired',
    said: 'ADR 0020 c',
    file: `${procedures}/rejoining.ts`,
    find: `  if (closed.length > 0) return pair(now, returning, closed);
  const toPair`,
    replace: `  if (closed.length > 0) return pair(now, returning, closed);
  if (now.shards.some(({ last }) => last.mode === 'paired')) return swap(now, { status: { status: 'paired' } }, 'return', '');
  const toPair`,
    caughtBy: ['model'],
  },
  {
    name: 'claim-under-solo',
    breaks: 'under `solo` the region that is out may not take over: it lacks what was answered meanwhile',
    said,
    file: `${procedures}/next-step.ts`,
    find: 'return underSolo(now, status.region);',
    replace: 'return status.region === now.here ? underSolo(now, status.region) : underPaired(now);',
    caughtBy: ['model'],
  },
  {
    name: 'claim-under-rejoining',
    breaks: 'under `rejoining` the returning region may not take over',
    said,
    file: `${procedures}/next-step.ts`,
    find: 'return underRejoining(now, status.region);',
    replace: 'return status.region === now.here ? underPaired(now) : underRejoining(now, status.region);',
    caughtBy: ['model'],
  },
  {
    name: 'handoff-waits-for-no-receipt',
    breaks: 'a shard is handed over when receipts of its term cover the close',
    said,
    file: `${procedures}/situation.ts`,
    find: 'return end !== undefined && receiptedSeq !== undefined && receiptedSeq >= end;',
    replace: 'return end !== undefined;',
    caughtBy: ['model'],
  },
  {
    name: 'closed-shard-forgotten-under-solo',
    breaks: 'whoever finds the last segment closed without a successor goes on from there',
    said,
    file: `${procedures}/solo.ts`,
    find: `  if (closed.length > 0)
    return swap(now, { added: goOnSolo(now, closed) },`,
    replace: `  if (closed.length > now.shards.length)
    return swap(now, { added: goOnSolo(now, closed) },`,
    caughtBy: ['model'],
  },
  {
    name: 'lost-tail-not-noticed',
    breaks: 'a log that ends beneath its receipts has lost its tail: nothing is closed, covered or based by such an end',
    said: 'ADR 0025',
    file: `${procedures}/situation.ts`,
    find: 'return end !== undefined && receiptedSeq !== undefined && receiptedSeq > end ? end : undefined;',
    replace: 'return undefined;',
    caughtBy: ['model'],
  },
  {
    name: 'mirror-dropped-while-it-counts',
    breaks: 'a mirror is dropped only while the other region goes on alone: it is the second copy',
    said: 'ADR 0020 h',
    file: `${procedures}/mirror-copies.ts`,
    find: `if (status.status !== 'solo' || status.region !== of)`,
    replace: `if (status.status === 'claimed')`,
    caughtBy: ['model'],
  },
];
