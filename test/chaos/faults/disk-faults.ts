import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runtimeHome } from '#embedded-runtime';
import type { Deed, Ground } from './blow.ts';

const run = promisify(execFile);
const commandTimeoutMs = 60_000;
/** What the part may still write before the blow, beyond what it has. */
const roomMb = 96;
const chunkBytes = 1024 * 1024;

/**
 * A part's data on a disk that is full: its folder is moved to a small tmpfs of our own before the load, a file fills that to the last byte,
 * and is deleted at the heal. A part that ends because of it is started again and again meanwhile, as in any outage.
 */
export const fillDisk: Deed = (ground, { strikes }) => {
  const place = placesOf(ground, strikes);
  const hold = () => ground.system.control.act(strikes, 'hold');
  const start = () => ground.system.control.act(strikes, 'start');
  let isThere = false; // all of it is on the small disk
  return {
    impossible: () => noSmallDisk(),
    prepare: async () => {
      await hold();
      await rename(place.data, place.aside);
      await mkdir(place.data);
      const sizeMb = (await usedMb(place.aside)) + roomMb;
      await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', place.data], { timeout: commandTimeoutMs });
      await copy(place.aside, place.data);
      isThere = true;
      await start();
    },
    begin: () => fill(place.filler),
    heal: () => rm(place.filler, { force: true }),
    restore: async () => {
      if (!existsSync(place.aside)) return start(); // it was never moved
      await hold();
      await rm(place.filler, { force: true });
      if (isThere) await copy(place.data, place.back);
      else await rename(place.aside, place.back); // nothing was written since
      if (await isMounted(place.data)) await unmount(place.data);
      await rm(place.data, { recursive: true, force: true });
      await rename(place.back, place.data);
      await rm(place.aside, { recursive: true, force: true });
      return start();
    },
  };
};

const placesOf = ({ system }: Ground, part: string) => {
  const data = join(runtimeHome(system.home).data, part);
  return { data, aside: `${data}.aside`, back: `${data}.back`, filler: join(data, 'filler') };
};

/** Owners, modes and holes stay as they are: indexes are mostly holes. */
const copy = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { recursive: true });
  await run('cp', ['-a', '--sparse=always', `${from}/.`, to], { timeout: commandTimeoutMs });
};

async function usedMb(folder: string): Promise<number> {
  const { stdout } = await run('du', ['-sm', folder], { timeout: commandTimeoutMs });
  return Number.parseInt(stdout, 10);
}

/** Until nothing more fits. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let bytes = chunkBytes; bytes >= 1;) {
      const written = await file.write(Buffer.alloc(bytes)).then(
        ({ bytesWritten }) => bytesWritten,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error;
          return 0;
        },
      );
      if (written === 0) bytes = Math.floor(bytes / 2);
    }
  } finally {
    await file.close();
  }
}

async function mounts(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  return (await readFile('/proc/mounts', 'utf8')).split('\n').flatMap((line) => line.split(' ')[1] ?? []);
}
const isMounted = async (path: string): Promise<boolean> => (await mounts()).includes(path);
const unmount = (path: string) => run('umount', [path], { timeout: commandTimeoutMs });

/** What an interrupted run left mounted in a home: the runtime could not delete it. */
export async function unmountLeftovers(home: string): Promise<void> {
  const below = `${runtimeHome(home).data}/`;
  for (const path of (await mounts()).filter((mounted) => mounted.startsWith(below))) await unmount(path);
}

/** Why no tmpfs can be mounted here, tried on a folder of its own. */
async function noSmallDisk(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a tmpfs is mounted, which only Linux has';
  if (process.getuid?.() !== 0) return 'a tmpfs is mounted, which only root may';
  const folder = join(process.cwd(), 'node_modules', '.cache', `evenkeel-disk-${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { timeout: commandTimeoutMs });
    await unmount(folder);
    return undefined;
  } catch (error) {
    return `a tmpfs cannot be mounted here: ${(error as Error).message.split('\n')[0]}`;
  } finally {
    await rmdir(folder);
  }
}
