/** A thread that answers one job after the other on the world whose module it is given. What it throws ends it, and is told to its pool. */
import { on } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { answerTo, type SeedJob } from './seed-job.ts';
import type { SimulatedWorld } from './world.port.ts';

if (parentPort === null) throw new Error('this is started by a pool, in a thread');
const world = (await import((workerData as { readonly world: string }).world)) as SimulatedWorld;
for await (const [job] of on(parentPort, 'message')) parentPort.postMessage(await answerTo(world, job as SeedJob), []);
