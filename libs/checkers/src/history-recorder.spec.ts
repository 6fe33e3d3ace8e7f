import { describe, expect, it } from 'vitest';
import { customerId, orderId, region, sku } from '#contracts';
import { HistoryRecorder } from './history-recorder.ts';

const west = region('west');
const id = orderId(`ord_${'a'.repeat(26)}`);
const read = { kind: 'read-order', orderId: id } as const;
const begun = { session: 'client 1', invokedMs: 10, deadlineMs: 20 };

describe('a recorder', () => {
  it('keeps operations in the order in which they were asked, whatever the order of their ends, and those that never end', () => {
    const recorder = new HistoryRecorder({ partitions: 3 });
    const first = recorder.invoke(read, begun);
    const second = recorder.invoke({ kind: 'list-orders', customer: customerId('c') }, { ...begun, token: { 'order.west.0': 4 } });
    recorder.invoke({ kind: 'read-stock', sku: sku('TEA') }, begun);
    second.refused(14, 'consistency-unreached', west);
    first.ok(15, west, { kind: 'read-order', token: {}, order: 'absent' });
    const history = recorder.close(99);
    expect(history).toMatchObject({ partitions: 3, endedMs: 99 });
    expect(history.operations.map(({ asked, completion }) => [asked.kind, completion?.outcome, completion?.atMs])).toEqual([
      ['read-order', 'ok', 15],
      ['list-orders', 'refused', 14],
      ['read-stock', undefined, undefined],
    ]);
    expect(history.operations.map(({ token }) => token)).toEqual([undefined, { 'order.west.0': 4 }, undefined]);
  });

  it('keeps faults that were healed and those that were not', () => {
    const recorder = new HistoryRecorder({ partitions: 1 });
    const heal = recorder.fault(1, 'kill', 'east');
    recorder.fault(2, 'cut', 'east to west');
    heal(3);
    expect(recorder.close(9).faults).toEqual([
      { fromMs: 1, toMs: 3, kind: 'kill', struck: 'east' },
      { fromMs: 2, toMs: undefined, kind: 'cut', struck: 'east to west' },
    ]);
  });

  it('lets nobody end an operation twice, answer it as another one, or give a duration for a deadline', () => {
    const recorder = new HistoryRecorder({ partitions: 1 });
    const operation = recorder.invoke(read, begun);
    expect(() => operation.ok(11, west, { kind: 'read-stock', token: {}, pools: [] })).toThrow('a read-order is answered as one');
    operation.unknown(11, 'timeout');
    expect(() => operation.unknown(12, 'timeout')).toThrow('an operation ends once');
    expect(() => recorder.invoke(read, { ...begun, deadlineMs: 5 })).toThrow('a deadline is a moment');
  });
});
