import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeHome } from '#embedded-runtime';
import { stopWholeSystem } from '#test-kit';
import { sharedHome } from './shared.system.ts';

/** Around all journeys: nothing is left running afterwards, also when they are interrupted. The first journey starts the system. */
export async function setup(): Promise<() => Promise<void>> {
  const main = join(import.meta.dirname, '..', '..', 'dist', 'apps', 'operator', 'src', 'main.js');
  if (!existsSync(main)) throw new Error('the journeys run what was built: `npm run build` first');
  const downAtExit = (): void =>
    void spawnSync(process.execPath, [main, 'down'], {
      env: { ...process.env, EVENKEEL_HOME: sharedHome },
      timeout: 150_000,
      stdio: 'ignore',
    });
  const exitOnSignal = (): void => process.exit(143);
  process.once('exit', downAtExit);
  process.once('SIGTERM', exitOnSignal).once('SIGHUP', exitOnSignal);
  await stopWholeSystem(sharedHome); // what an interrupted run left
  return async () => {
    await stopWholeSystem(sharedHome);
    process.removeListener('exit', downAtExit);
    process.removeListener('SIGTERM', exitOnSignal).removeListener('SIGHUP', exitOnSignal);
    await rm(runtimeHome(sharedHome).data, { recursive: true, force: true }); // the logs stay, for whoever asks why
  };
}
