import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '#embedded-runtime';
import { startWholeSystem, stopWholeSystem, wholeSystemAt, type WholeSystem } from '#test-kit';

/** The same in every run: what a killed run left running is found, and ended, by the next one. */
export const sharedHome = join(tmpdir(), 'evenkeel-journeys');

/**
 * Where the shared system sends traces and metrics: a journey that looks at them listens there, and nobody does in the others. Only traces
 * that a client asks for are recorded, so they cost the others nothing.
 */
export const otlpReceiverAt = { host: '127.0.0.1', port: 14_318 } as const;

async function systemFile(): Promise<string> {
  const described: unknown = JSON.parse(await readFile(join(projectRoot(), 'deploy', 'topology', 'embedded.json'), 'utf8'));
  const otlpUrl = `http://${otlpReceiverAt.host}:${otlpReceiverAt.port}`;
  const file = `${sharedHome}.json`;
  await writeFile(file, JSON.stringify({ ...(described as object), otlpUrl, traceRatio: 0 }));
  return file;
}

/** Time for `beforeAll`: a start takes some 20 to 40 s on two idle cores. */
export const systemStartTimeoutMs = 600_000;

/**
 * The one system that the journeys share: the one that runs when it is whole and has so many instances, else a new one. The suite's
 * set-up stops it at the end.
 */
export async function sharedSystem({ instances }: { readonly instances: number }): Promise<WholeSystem> {
  const running = await wholeSystemAt({ home: sharedHome, instances });
  if (running !== undefined) return running;
  await stopWholeSystem(sharedHome);
  return startWholeSystem({ home: sharedHome, instances, file: await systemFile() });
}
