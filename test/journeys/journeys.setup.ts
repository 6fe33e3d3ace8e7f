import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
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
  process.once('exit', downAtExit);
  await stopWholeSystem(sharedHome); // what an interrupted run left
  return async () => {
    await stopWholeSystem(sharedHome);
    process.removeListener('exit', downAtExit);
    if (process.env['EVENKEEL_KEEP_LOGS'] === undefined) await rm(sharedHome, { recursive: true, force: true });
  };
}
