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
  {
    name: 'late-stranded-commits-forgotten',
    breaks: 'a commit that is stranded after its region has returned is offered again too, whatever the status',
    said: back,
    file: `${agent}/stranded/stranded-offers.ts`,
    find: 'if (!isOnItsWay && unlooked === 0 && !this.#anyDue()) return this.#closeReader();',
    replace: 'if (!isOnItsWay) return this.#closeReader();',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'mirror-made-anew-taken-as-held',
    breaks: 'of a mirror that was made anew nothing counts that was read before, in no term',
    said: 'ADR 0025',
    file: `${agent}/receipts/receipt-ledger.ts`,
    find: 'const anew = new ShardReading(shard, { version, atTerm: 0, settledSeq: 0, cursors: {}, receipts }, limits);',
    replace: 'const anew = new ShardReading(shard, { ...reading.resume(), version, receipts }, limits);',
    caughtBy: ['directed'],
  },
  {
    name: 'own-receipts-count-when-acknowledged',
    breaks: 'an own receipt settles when it is read back: it may stand behind a cut, where it counts no more',
    said: 'ARCHITECTURE, "A commit is shown when it is settled"',
    file: `${agent}/receipts/receipt-writer.ts`,
    find: '    metrics.counter(metricNames.receiptsWritten).add({}, receipts.length);\n',
    replace: "    this.#ledger.receipts(this.#here, { kind: 'receipts', by: this.#here, receipts });\n",
    caughtBy: ['directed'],
  },
];
