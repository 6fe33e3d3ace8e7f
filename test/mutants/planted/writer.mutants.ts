import type { Mutant } from '../mutant.ts';

const writer = 'libs/shard-log/src/writer';
const said = 'ARCHITECTURE, "One writer per shard"';
const settled = 'ARCHITECTURE, "A commit is shown when it is settled"';

/** Writers, what they answer, and what readers of settled commits are given. */
export const writerMutants: readonly Mutant[] = [
  {
    name: 'fence-believed-when-it-is-void',
    breaks: 'a writer writes only after it has read its own fence back as accepted',
    said,
    file: `${writer}/shard-writer.ts`,
    find: `if (pending.verdict !== 'accepted' || !this.#mayWriteIn(fence.term)) return false;`,
    replace: 'if (pending.verdict === undefined || !this.#mayWriteIn(fence.term)) return false;',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'fence-with-the-generation-before',
    breaks: 'after any doubt a writer opens the shard anew, with the next generation',
    said,
    file: `${writer}/shard-writer.ts`,
    find: 'generation: cursor.generation + 1,',
    replace: 'generation: Math.max(1, cursor.generation),',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'doubtful-append-believed',
    breaks: 'nobody believes a send: a commit counts when it is read back as accepted',
    said: 'ARCHITECTURE, "The log decides"',
    file: `${writer}/shard-writer.ts`,
    find: `{ error: error.message, commits: records.length });
      return false;`,
    replace: `{ error: error.message, commits: records.length });
      return true;`,
    caughtBy: ['directed', 'simulation'],
  },
  {
    name: 'answered-when-acknowledged',
    breaks: 'a command is done when every one of its commits was read back, not when Kafka has acknowledged them',
    said: 'ARCHITECTURE, "The log decides"',
    file: `${writer}/shard-writer.ts`,
    find: 'await this.#changed.until(() => flight.isComplete || !this.#mayWrite(), this.#limits.readBackTimeoutMs);',
    replace: 'return true;',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'one-state-for-a-whole-batch',
    breaks: 'commands are decided one after the other, each on the state that its predecessors leave',
    said,
    file: `${writer}/decide-batch.ts`,
    find: 'const stateOf = (id: string): State => ahead.get(id)?.state ?? cache.stateOf(id);',
    replace: 'const stateOf = (id: string): State => cache.stateOf(id);',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'repeat-answered-before-it-is-settled',
    breaks: 'a repeat and a refusal are answered when what they rest on is settled',
    said: 'ADR 0009',
    file: `${writer}/decide-batch.ts`,
    find: 'const restsOn = Math.max(0, ...streams.map(seqOf));',
    replace: 'const restsOn = 0;',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'answered-before-it-is-settled',
    breaks: 'a client is answered when the seq at which it was decided is settled',
    said: settled,
    file: `${writer}/fate-of.ts`,
    find: 'if (segments.length === 0 || settledSeq === undefined || settledSeq < seq) return undefined;',
    replace: 'if (segments.length === 0 || settledSeq === undefined) return undefined;',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'stranded-answered-as-done',
    breaks: 'nobody is told of a stranded commit as done: its seq may be another’s by then',
    said: settled,
    file: `${writer}/fate-of.ts`,
    find: `  if (next !== undefined && next.base < seq) return 'stranded';\n`,
    replace: '',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'stranded-stays-in-memory',
    breaks: 'what was folded and turned out to be stranded is forgotten before anything is decided on it',
    said: 'ADR 0018',
    file: `${writer}/follow-reading.ts`,
    find: `  takeBack(cache, events);\n`,
    replace: '',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'stream-assumed-absent',
    breaks: 'a stream that is not in memory is loaded before deciding, never assumed absent',
    said,
    file: `${writer}/stream-cache.ts`,
    find: 'if (this.#completeAfterSeq > 0 || (entry !== undefined && entry.storedFrom > 0)) return true;',
    replace: 'if (entry !== undefined && entry.storedFrom > 0) return true;',
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'receipts-above-the-own-log-ignored',
    breaks: 'a writer stops loudly when a receipt of its term stands above what its own log holds',
    said: 'ADR 0025',
    file: `${writer}/shard-writer.ts`,
    find: `      this.#lost(said);
      return false;\n`,
    replace: '',
    caughtBy: ['directed'],
  },
  {
    name: 'fed-with-what-is-only-accepted',
    breaks: 'process managers and projections are given settled commits, and no others',
    said: settled,
    file: 'libs/shard-log/src/feed/feed-state.ts',
    find: `      if (event.type === 'settled') {
        outcome.commits.push({ commit: event.commit, durability: event.durability,`,
    replace: `      if (event.type === 'accepted') {
        outcome.commits.push({ commit: event.commit, durability: 'global',`,
    caughtBy: ['simulation', 'directed'],
  },
  {
    name: 'checkpoint-beyond-what-waits',
    breaks: 'commits that wait for receipts are read again after a restart',
    said: 'ADR 0008',
    file: 'libs/shard-log/src/core/shard-reading.ts',
    find: 'cursors.set(first.position.log, { term, generation, writer, seq: seq - 1, closed: false });',
    replace: 'cursors.set(first.position.log, { term, generation, writer, seq, closed: false });',
    caughtBy: ['simulation', 'directed'],
  },
];
