import { readFile } from 'node:fs/promises';
import { topologySchema, type Topology } from '#contracts';
import { ControlClient, NotRunningError, runtimeHome } from '#embedded-runtime';

/** The runtime of this working directory (or of EVENKEEL_HOME), as a verb asks it. */
export const runtime = (): ControlClient => new ControlClient(runtimeHome().controlSocket);

/** The topology that the runtime last started with. @throws NotRunningError when it never did */
export async function writtenTopology(): Promise<Topology> {
  const { topology } = runtimeHome();
  try {
    return topologySchema.parse(JSON.parse(await readFile(topology, 'utf8')));
  } catch (cause) {
    throw new NotRunningError(`${topology} is not there or no topology: \`evenkeel up\` writes it`, { cause });
  }
}
