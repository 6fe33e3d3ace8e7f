import { expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import { AssignedShards } from './assigned-shards.ts';

/** A writer that takes its time to end. */
class SlowWriter {
  isAssigned = false;
  readonly #ends: (() => void)[] = [];

  assign(): void {
    this.isAssigned = true;
  }

  unassign(): Promise<void> {
    this.isAssigned = false;
    return new Promise((resolve) => this.#ends.push(resolve));
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}

it('what was given opens nothing any more when everything was taken away meanwhile', async () => {
  const [first, second] = [new SlowWriter(), new SlowWriter()];
  const shards = new Map<ShardId, { writer: SlowWriter }>([
    ['order.east.0', { writer: first }],
    ['order.east.1', { writer: second }],
  ]);
  const assigned = new AssignedShards(shards);
  const given = assigned.assign([1]);
  const stopped = assigned.assign([]);
  first.end();
  second.end();
  await Promise.all([given, stopped]);
  expect([first.isAssigned, second.isAssigned]).toEqual([false, false]);
  const again = assigned.assign([0]);
  second.end();
  await again;
  expect([first.isAssigned, second.isAssigned]).toEqual([true, false]);
});
