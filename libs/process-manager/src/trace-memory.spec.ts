import { expect, it } from 'vitest';
import { TraceMemory } from './trace-memory.ts';

const commit = (correlation: string, traceparent: string) => ({ commit: { correlation, traceparent } as never });

it('knows the newest trace of a correlation, and none of one that it has not met', () => {
  const traces = new TraceMemory();
  traces.note([commit('ord_a', 'first'), commit('ord_b', 'other'), commit('ord_a', 'second'), commit('ord_a', '')]);
  expect([traces.traceparentOf('ord_a'), traces.traceparentOf('ord_b'), traces.traceparentOf('ord_c')]).toEqual(['second', 'other', '']);
});
