import type { Mutant } from '../mutant.ts';

const agent = 'apps/region-agent/src';
const back = 'docs/a-region-comes-back.md';

/** Receipts, and what a region does when it comes back. */
export const agentMutants: readonly Mutant[] = [
  {
    name: 'receipt-before-the-base-is-read',
    breaks: 'a shard is receipted once its history is read up to the last segment’s base',
    said: 'ARCHITECTURE, "A commit is shown when it is settled"',
    file: `${agent}/receipts/receipt-ledger.ts`,
    find: 'return term === last.term ? { shard, term, generation, writer, seq } : undefined; // else the history is not read up to its base',
    replace: 'return { shard, term: last.term, generation, writer, seq: Math.max(seq, last.base) };',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'stranded-commits-not-offered',
    breaks: 'what is stranded and came from outside is offered to the owner again',
    said: back,
    file: `${agent}/stranded/stranded-reader.ts`,
    find: `for (const event of events) if (event.type === 'stranded' && event.position.log === here)`,
    replace: `for (const event of events) if (event.type === 'stranded' && !event.wasAccepted && event.position.log === here)`,
    caughtBy: ['simulation', 'directed'],
  },
];
