import type { ProcessParts } from '#service-kit';

/** Starts what later parts are given; it stops with the process, in its turn. */
export async function startPart<Part extends { stop(): Promise<void> }>(
  { lifecycle }: Pick<ProcessParts, 'lifecycle'>,
  name: string,
  start: () => Promise<Part>,
): Promise<Part> {
  let started: Part | undefined;
  await lifecycle.start(name, async () => {
    const part = await start();
    started = part;
    return () => part.stop();
  });
  return started!;
}
