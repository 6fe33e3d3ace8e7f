/**
 * `node --conditions=source test/bench/rebuild/rebuild.bench.ts [EVENTS] [RUNS]` measures what was built: docs/adr/0030. Figures of a busy
 * machine mean little by themselves; the ratio to the raw limit of the same minute is what counts.
 */
import { measureRebuild } from './measure-rebuild.ts';

const [events = 1_000_000, runs = 3] = process.argv.slice(2).map(Number);
const startedMs = performance.now();
const say = (line: string): void => console.error(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${line}`);
const measured = await measureRebuild({ events, runs, say });
const inOrder = measured.runs.toSorted((a, b) => a.ratio - b.ratio);
console.log(JSON.stringify({ ...measured, median: inOrder[Math.floor(inOrder.length / 2)] }, null, 2));
