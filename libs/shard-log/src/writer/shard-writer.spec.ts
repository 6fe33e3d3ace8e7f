import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandId } from '#contracts';
import { oneShard, shard, type Fate } from './one-shard.fixture.ts';

describe('a writer', () => {
  it('opens its shard with a fence and answers what it has read back', async () => {
    const one = oneShard();
    const writer = one.instance();
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 4 });
    one.enqueue(writer, { id: 'b', units: 9 });
    one.enqueue(writer, { id: 'a', units: 4 });
    expect(await one.changed.until(() => one.done.length === 3, 20_000)).toBe(true);
    expect(one.log.map(({ kind }) => kind)).toEqual(['fence', 'commit']);
    expect(one.replies.map(({ seq, result }) => [seq, result.outcome])).toEqual([
      [1, 'accepted'],
      [1, 'refused'],
      [1, 'accepted'],
    ]);
  });

  it.each(['doubtful and appended', 'doubtful and lost', 'doubtful and appended late'] as const)(
    'opens the shard anew after an append that is %s, and takes each command once',
    async (fate) => {
      const one = oneShard();
      one.fates = ['appended', fate];
      const writer = one.instance();
      writer.assign();
      one.enqueue(writer, { id: 'a', units: 4 });
      expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
      expect(one.accepted()).toEqual({ taken: ['a'], units: 4 });
      expect(one.log.filter(({ kind }) => kind === 'fence').length).toBeGreaterThan(1);
      expect(one.wrote).toEqual([1]); // also what was read back after the doubt
    },
  );

  it('that was replaced appends in vain', async () => {
    const one = oneShard();
    const zombie = one.instance();
    zombie.assign();
    one.enqueue(zombie, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    const next = one.instance();
    next.assign();
    one.enqueue(next, { id: 'b', units: 1 });
    expect(await one.changed.until(() => one.done.length === 2, 20_000)).toBe(true);
    const lastFence = one.log.findLast((record) => record.kind === 'fence');
    expect(lastFence?.generation).toBeGreaterThan(1);
    expect(one.accepted().taken).toEqual(['a', 'b']);
  });

  it('opens a shard that nobody has opened in this term without looking for the end of a log that it follows', async () => {
    const one = oneShard();
    const writer = one.instance({ isFollowed: () => true, caughtUp: () => new Promise(() => undefined) });
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    expect(one.log.map(({ kind }) => kind)).toEqual(['fence', 'commit']);
  });

  it('and looks for it when somebody else had opened the shard, unread by then', async () => {
    const one = oneShard();
    one.push([{ kind: 'fence', shard, term: 1, generation: 1, writer: 'other', base: 0 }]);
    const writer = one.instance({ isFollowed: () => true });
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    expect(one.log.map((record) => (record.kind === 'fence' ? record.generation : record.kind))).toEqual([1, 1, 2, 'commit']);
    expect(one.accepted().taken).toEqual(['a']);
  });

  it('that was overtaken leaves the shard to its successor until it must have heard of it', async () => {
    const one = oneShard();
    const first = one.instance({ limits: { overtakenDelayMs: 60_000 } });
    first.assign();
    expect(await one.changed.until(() => first.isOpen, 20_000)).toBe(true);
    const second = one.instance();
    second.assign();
    expect(await one.changed.until(() => second.isOpen && !first.isOpen, 20_000)).toBe(true);
    for (const id of ['a', 'b', 'c']) {
      one.enqueue(second, { id, units: 1 });
      expect(await one.changed.until(() => one.done.includes(id), 20_000)).toBe(true);
    }
    expect(one.log.map(({ kind }) => kind)).toEqual(['fence', 'fence', 'commit', 'commit', 'commit']);
  });

  it('lets what comes after a close wait for an owner, not for ever, and never denies what it had begun', async () => {
    const one = oneShard();
    one.fates = ['appended', 'doubtful and lost'];
    const writer = one.instance({ limits: { retryDelayMs: 60_000 } });
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 4 });
    expect(await one.changed.until(() => one.reports.some(({ message }) => message === 'an append is in doubt'), 20_000)).toBe(true);
    one.push([{ kind: 'close', shard, term: 1 }]);
    one.enqueue(writer, { id: 'b', units: 4 });
    expect(await one.changed.until(() => one.done.length === 2, 20_000)).toBe(true);
    expect(one.replies.map(({ commandId: id, result }) => [id, result.outcome])).toEqual([
      ['a', 'unknown'],
      ['b', 'unavailable'],
    ]);
    expect(writer.isOpen).toBe(false);
    expect(one.log.map(({ kind }) => kind)).toEqual(['fence', 'close']);
  });

  it('keeps its fence while stored states cannot be loaded, and decides when they can', async () => {
    const one = oneShard();
    let tries = 0;
    const writer = one.instance({
      startSeq: 5,
      load: async () => {
        tries += 1;
        if (tries <= 3) throw new Error('PostgreSQL is away');
        return { persistedSeq: 5, streams: [{ streamId: 'pool', seq: 5, state: { left: 3, takenBy: [] } }], blocked: [] };
      },
    });
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 4 });
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    expect(one.replies.map(({ result }) => result.outcome)).toEqual(['refused']);
    expect(one.log.map(({ kind }) => kind)).toEqual(['fence']);
  });

  it('stops loudly at a receipt that stands above its log', async () => {
    const one = oneShard();
    const writer = one.instance();
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    const fence = one.log.findLast((record) => record.kind === 'fence');
    writer.onReceipt({ shard, term: 1, generation: 1, writer: fence!.writer, seq: 1 });
    expect(writer.isOpen).toBe(true);
    writer.onReceipt({ shard, term: 1, generation: 1, writer: 'another', seq: 1 });
    one.enqueue(writer, { id: 'b', units: 1 });
    expect(await one.changed.until(() => !writer.isOpen, 20_000)).toBe(true);
    expect(one.accepted().taken).toEqual(['a']);
  });

  it('leaves a trace of every command that nobody waits for and that it turns away or refuses', async () => {
    const one = oneShard();
    const writer = one.instance({ limits: { queuedMax: 1, roomTimeoutMs: 1 } });
    one.push([{ kind: 'fence', shard, term: 1, generation: 1, writer: 'other', base: 3 }]);
    writer.assign(); // into a log that lost its beginning
    one.enqueue(writer, { id: 'asked', units: 1 }, true);
    one.enqueue(writer, { id: 'told 202', units: 1 }, false);
    expect(await one.changed.until(() => one.done.length === 2, 20_000)).toBe(true);
    expect(one.cameToNothing).toEqual(['told 202: unavailable']);
    expect(one.replies.map(({ commandId: id }) => id)).toEqual(['asked']);

    const healthy = oneShard();
    const other = healthy.instance();
    other.assign();
    healthy.enqueue(other, { id: 'too many', units: 11 }, false);
    healthy.enqueue(other, { id: 'a few', units: 1 }, false);
    expect(await healthy.changed.until(() => healthy.done.length === 2, 20_000)).toBe(true);
    expect(healthy.cameToNothing).toEqual(['too many: refused']);
    expect(healthy.replies).toEqual([]);
  });

  it('tells who handed it a command here, and publishes no answer; when the shard goes elsewhere, what has become of it', async () => {
    const one = oneShard();
    const writer = one.instance();
    const told: string[] = [];
    const ask = (id: string): void =>
      one.enqueue(writer, { id, units: 1 }, true, (reply) => void told.push(`${id} ${reply.result.outcome}`));
    ask('too soon');
    writer.assign();
    ask('a');
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    one.fates = Array.from({ length: 50 }, () => 'doubtful and lost');
    ask('in doubt');
    expect(await one.changed.until(() => one.fates.length < 50, 20_000)).toBe(true);
    ask('not begun');
    await writer.unassign();
    expect(told).toEqual(['too soon unavailable', 'a accepted', 'in doubt unknown', 'not begun unavailable']);
    expect(one.replies).toEqual([]);
  });

  it("goes on beyond a commit that somebody else put into its log under its own fence, and beyond that commit's receipt", async () => {
    const one = oneShard();
    const writer = one.instance();
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    const own = one.log.findLast((record) => record.kind === 'commit')!;
    one.push([{ ...own, seq: 2, cause: commandId('forged'), body: '[{"id":"forged","units":1}]' }]);
    await new Promise((resolve) => setImmediate(resolve)); // it is read
    writer.onReceipt({ shard, term: 1, generation: own.generation, writer: own.writer, seq: 2 });
    expect(writer.isOpen).toBe(true);
    one.enqueue(writer, { id: 'b', units: 1 });
    expect(await one.changed.until(() => one.done.length === 2, 20_000)).toBe(true);
    expect(one.accepted().taken).toEqual(['a', 'forged', 'b']);
  });
});

it('two writers at once, appends of every fate: each command is decided once and never more is taken than there is', async () => {
  const fate = fc.constantFrom<Fate>('appended', 'appended', 'doubtful and appended', 'doubtful and lost', 'doubtful and appended late');
  const commands = fc.array(
    fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), units: fc.integer({ min: 1, max: 4 }), to: fc.nat(1) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 12 }), commands, async (fates, sent) => {
      const one = oneShard();
      one.fates = [...fates];
      const writers = [one.instance(), one.instance()];
      for (const writer of writers) writer.assign();
      for (const { id, units, to } of sent) {
        one.enqueue(writers[to]!, { id, units });
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await one.changed.until(() => one.done.length === sent.length, 10_000)).toBe(true);
      const { taken, units } = one.accepted();
      expect(new Set(taken).size).toBe(taken.length);
      expect(units).toBeLessThanOrEqual(10);
      // A command that was answered as accepted stands in the log, at or before the seq that its answer names.
      for (const reply of one.replies)
        if (reply.result.outcome === 'accepted') expect(taken.indexOf(reply.commandId)).toBeLessThan(reply.seq);
      for (const reply of one.replies) if (reply.result.outcome === 'accepted') expect(taken).toContain(reply.commandId);
      await one.stop();
    }),
    { numRuns: 40 },
  );
}, 60_000);
