// Puts each of our processes into few files: dist/processes/<app>/<entry>.js. A process is some 1,700 modules, and looking for each of them
// was three quarters of its start (ADR 0022). Runs after `tsc`, on what it has built.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist', 'apps');
const target = join(root, 'dist', 'processes');
const entries = ['main', 'projector'];
/** The command line finds its files by its own place, and is not started by the dozen. */
const leftOut = new Set(['operator']);

const input = Object.fromEntries(
  readdirSync(built)
    .filter((app) => !leftOut.has(app))
    .flatMap((app) => entries.map((entry) => [`${app}/${entry}`, join(built, app, 'src', `${entry}.js`)]))
    .filter(([, file]) => existsSync(file)),
);
/** No app, but a process of its own where the embedded runtime is not: in containers. */
input['identity/main'] = join(root, 'dist', 'libs', 'embedded-runtime', 'src', 'identity', 'main.js');

const bundle = await rolldown({
  input,
  cwd: root,
  platform: 'node',
  onLog: (level, log) => {
    // What packages would use if it were installed stays an import that fails, as it does without a bundle.
    if (log.code === 'UNRESOLVED_IMPORT' && log.id?.includes('node_modules')) return;
    throw new Error(`${level} ${log.code} ${log.message}`);
  },
});
// Into place only when complete: what starts meanwhile finds the old ones.
const fresh = `${target}.new`;
rmSync(fresh, { recursive: true, force: true });
const { output } = await bundle.write({
  dir: fresh,
  format: 'esm',
  keepNames: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'shared/[name]-[hash].js',
});
await bundle.close();
rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);
console.log(`evenkeel: ${Object.keys(input).length} processes in ${output.length} files under ${relative(root, target)}`);
