// What an install brings besides npm's packages: our own code built, PostgreSQL's symlinks (npm runs no install scripts here), Kafka's
// jars. Runs as `prepare` on `npm ci`, as `npm run programs`, and from `evenkeel up` for what an install could not do. Idempotent.
// Only the build can fail an install: without Java or Maven the jars are left to `evenkeel up`, which says what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kafka = join(root, 'libs', 'embedded-runtime', 'programs', 'kafka');
const runtime = join(root, 'dist', 'libs', 'embedded-runtime', 'src', 'index.js');
const only = process.argv[2] === '--only' ? process.argv[3] : undefined;
const mavenTimeoutMs = 10 * 60_000;

const run = (command, args, options = {}) => spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
const say = (line) => console.log(`evenkeel: ${line}`);
const runs = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

function build() {
  if (!existsSync(join(root, 'node_modules', 'typescript'))) return say('TypeScript is not installed: not built');
  const { status } = run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  if (status !== 0) throw new Error(`the build failed: tsc ended with ${status}`);
  const bundled = run(process.execPath, [join(root, 'scripts', 'bundle.mjs')]);
  if (bundled.status !== 0) throw new Error(`the build failed: scripts/bundle.mjs ended with ${bundled.status}`);
  return undefined;
}

async function preparePostgres() {
  if (!existsSync(runtime)) return say('not built: PostgreSQL is left to `npm start`');
  const { preparePostgresBinaries } = await import(pathToFileURL(runtime).href);
  await preparePostgresBinaries();
  return say('PostgreSQL is in place');
}

function fetchJars() {
  const target = join(kafka, 'target', 'dependency');
  if (existsSync(target)) return say("Kafka's jars are in place");
  if (!runs('java', ['-version']) || !runs('mvn', ['--version'])) {
    if (only !== undefined) throw new Error('Java and Maven are needed to fetch them');
    return say("no Java or no Maven: Kafka's jars are left to `npm start`, which says what to install");
  }
  const beganMs = performance.now();
  // Into place only when complete: an interrupted download must not look like a finished one.
  const fresh = join(kafka, 'target', 'dependency.new');
  rmSync(fresh, { recursive: true, force: true });
  const { status } = run('mvn', ['-q', '-B', '-f', join(kafka, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`], {
    timeout: mavenTimeoutMs,
  });
  if (status !== 0) {
    if (only !== undefined) throw new Error(`Maven ended with ${status}`);
    return say(`Maven ended with ${status}: Kafka's jars are left to \`npm start\``);
  }
  renameSync(fresh, target);
  return say(`Kafka's jars fetched in ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
}

/** They only make starts faster: without them everything works. */
async function makeArchives() {
  if (!existsSync(runtime) || !existsSync(join(kafka, 'target', 'dependency')) || !runs('java', ['-version'])) return;
  const { defaultKafkaJars, makeClassArchives } = await import(pathToFileURL(runtime).href);
  const beganMs = performance.now();
  try {
    const outcome = await makeClassArchives(defaultKafkaJars());
    say(
      outcome === 'made' ? `class archives made in ${((performance.now() - beganMs) / 1000).toFixed(0)} s` : 'class archives are in place',
    );
  } catch (error) {
    say(`no class archives, so Kafka starts slower: ${error.message}`);
  }
}

try {
  if (only === undefined) {
    build();
    await preparePostgres();
  }
  fetchJars();
  await makeArchives();
} catch (error) {
  console.error(`evenkeel: ${error.message}`);
  process.exitCode = 1;
}
