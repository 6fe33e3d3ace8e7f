import { existsSync, globSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeHome } from '#embedded-runtime';
import { eventually } from '#test-kit';
import { drawn, ourPartsOf, partNamed, type Deed, type Ground } from './blow.ts';

/** Of the machines' clocks, which nothing may depend on: from so much too late to so much too early. */
const shiftMaxSeconds = 15 * 60;
const shiftMinSeconds = 60;
const readyWithinMs = 240_000;

/** Where Debian's package `faketime` puts it, on any architecture. */
const libraryAt = (): string | undefined => globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];

/**
 * All of our processes in a region start again with a clock that is wrong by some minutes, ahead or behind (libfaketime; timers, which count
 * from the start of a process, go as ever); at the heal, with the right one: time jumps twice.
 */
export const shiftClocks: Deed = (ground, { strikes, chance }) => {
  const folder = runtimeHome(ground.system.home).env;
  return {
    impossible: () => Promise.resolve(libraryAt() === undefined ? 'libfaketime is not installed (Debian package `faketime`)' : undefined),
    begin: async () => {
      const parts = await ourPartsOf(ground, strikes);
      const seconds = shiftOf(chance);
      ground.say(`the clocks of ${strikes} go ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`);
      const env = { LD_PRELOAD: libraryAt()!, FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
      await mkdir(folder, { recursive: true });
      for (const part of parts) await writeFile(join(folder, `${part}.json`), JSON.stringify(env));
      await restartAll(ground, parts);
    },
    heal: async () => {
      const parts = (await ourPartsOf(ground, strikes)).filter((part) => existsSync(join(folder, `${part}.json`)));
      await rm(folder, { recursive: true, force: true });
      await restartAll(ground, parts);
    },
  };
};

/** Never near zero: half of the chances are behind. */
const shiftOf = (chance: number): number => {
  const size = drawn(Math.abs(chance - 0.5) * 2, shiftMinSeconds, shiftMaxSeconds);
  return chance < 0.5 ? -size : size;
};

/** All at once, in order, for the clock of one machine is wrong for all that runs there. */
async function restartAll(ground: Ground, names: readonly string[]): Promise<void> {
  // What another fault has down begins with whatever clock is right when it is started.
  const running = (await ground.system.status()).parts.filter(({ name, pid }) => pid !== undefined && names.includes(name));
  await Promise.all(running.map(({ name }) => ground.system.control.act(name, 'restart')));
  for (const { name: part, restarts: before } of running)
    await eventually(
      async () => {
        const { restarts, state } = await partNamed(ground, part);
        return restarts > before && state === 'ready';
      },
      { withinMs: readyWithinMs, everyMs: 250 },
    );
}
