import { describe, expect, it } from 'vitest';
import { eventsThatMatter } from './events-that-matter.ts';

const trace = [
  '1 place ord_aaaaaa1 in order.east.1',
  '2 append to order.east.10',
  '3 append to order.east.1',
  '4 east rests',
  '5 west rests',
  '6 append to payment.west.0',
  '7 west claims',
  '8 VIOLATION no order is lost',
  '9 east rests',
  '10 east rests',
];
const violations = [{ property: 'no order is lost', what: 'ord_aaaaaa1 is gone from order.east.1' }];

describe('the events that matter', () => {
  it('are those around the violation, and each earlier one that names what it is about, with the gaps said', () => {
    expect(eventsThatMatter(trace, violations, { before: 2, after: 1, namingMax: 10 })).toEqual([
      '1 place ord_aaaaaa1 in order.east.1',
      '… 1 lines',
      '3 append to order.east.1',
      '… 2 lines',
      '6 append to payment.west.0',
      '7 west claims',
      '8 VIOLATION no order is lost',
      '9 east rests',
    ]);
  });

  it('say nothing twice but for when and where it happened, so that what happened last is there however long it was quiet since', () => {
    const quiet = [4, 5, 6].map((step) => `${step} west receipts 0:${step} order.east.1 (1,1,3)`);
    const long = ['2 east swaps', '3 west claims', ...quiet, '7 VIOLATION'];
    expect(eventsThatMatter(long, violations, { before: 2, after: 0, namingMax: 9 })).toEqual([
      '… 1 lines',
      '3 west claims',
      quiet[0],
      '… 2 lines',
      '7 VIOLATION',
    ]);
  });

  it('are bounded: the last ones that name it', () => {
    expect(eventsThatMatter(trace, violations, { before: 0, after: 0, namingMax: 1 })).toEqual([
      '… 2 lines',
      '3 append to order.east.1',
      '… 4 lines',
      '8 VIOLATION no order is lost',
    ]);
  });

  it('are the end of the trace where it does not say when something broke', () => {
    expect(eventsThatMatter(trace.slice(0, 5), [], { before: 1, after: 1, namingMax: 1 })).toEqual([
      '… 3 lines',
      '4 east rests',
      '5 west rests',
    ]);
    expect(eventsThatMatter([], violations)).toEqual([]);
  });
});
