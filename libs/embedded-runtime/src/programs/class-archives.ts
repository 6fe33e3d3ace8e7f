import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askMetadata } from './kafka-metadata.ts';
import { kafkaProgram } from './kafka.program.ts';
import { mirrorMakerProgram } from './mirror-maker.program.ts';
import { archivedClasses, assertJarsPresent, type KafkaJars } from './jvm.ts';
import type { ProgramSpec } from './program.ts';

/**
 * Makes the class archives that cut the programs' starts: runs a broker and a MirrorMaker once, for nothing, and has their JVMs store
 * at exit what they had loaded (JEP 350). Once per install, some ten seconds. An archive is tied to the Java and the jars that made it;
 * any other JVM ignores it, so the worst is a slower start.
 */
export async function makeClassArchives(jars: KafkaJars): Promise<'made' | 'already there'> {
  assertJarsPresent(jars);
  if (Object.values(archivedClasses).every((name) => existsSync(jars.archive(name)))) return 'already there';
  const scratch = await mkdtemp(join(tmpdir(), 'evenkeel-classes-'));
  try {
    const [port, controllerPort] = [await freePort(), await freePort()];
    const address = '127.0.0.1';
    const made = (name: string) => join(scratch, `${name}.jsa`);
    const dumpTo = (name: string) => ({ ...jars, dumpTo: made(name) });
    const { broker: brokerArchive, mirror: mirrorArchive } = archivedClasses;
    const broker = kafkaProgram({
      name: 'archive.kafka',
      address,
      port,
      controllerPort,
      links: [],
      dataDir: join(scratch, 'kafka'),
      jars: dumpTo(brokerArchive),
    });
    const mirror = mirrorMakerProgram({
      name: 'archive.mirror-maker',
      region: 'here',
      kafka: { host: address, port },
      sources: [{ region: 'there', host: address, port }],
      topics: ['none'],
      dataDir: join(scratch, 'mirror-maker'),
      jars: dumpTo(mirrorArchive),
    });
    await runOnce(broker, broker.ready, () =>
      runOnce(
        mirror,
        async () => (await connectHasStarted(address, port)) || 'Connect has not started',
        () => Promise.resolve(),
      ),
    );
    for (const name of [brokerArchive, mirrorArchive]) await moveInto(made(name), jars.archive(name));
    return 'made';
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Starts it, waits until it is ready, does what is to be done meanwhile, and stops it politely: only a clean exit writes the archive. */
async function runOnce(
  program: ProgramSpec,
  ready: () => Promise<string | boolean | undefined>,
  meanwhile: () => Promise<void>,
): Promise<void> {
  await program.prepare();
  const child = spawn(program.command, program.args, { cwd: program.cwd, env: program.env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    const deadline = Date.now() + program.startTimeoutMs;
    for (let missing = await ready(); typeof missing === 'string'; missing = await ready()) {
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${program.name}: ${missing}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await meanwhile();
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), dumpTimeoutMs);
    await exited;
    clearTimeout(timer);
  } finally {
    child.kill('SIGKILL');
  }
}

/** The last internal topic that a Connect worker creates on its way up. */
async function connectHasStarted(host: string, port: number): Promise<boolean> {
  const { topics } = await askMetadata(host, port, { withTopics: true, timeoutMs: 1_000 });
  return topics.has('mm2-configs.there.internal') && topics.has('heartbeats');
}

/** The target is written beside its place first: another file system may be between. */
async function moveInto(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
}

async function freePort(): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const dumpTimeoutMs = 60_000;
