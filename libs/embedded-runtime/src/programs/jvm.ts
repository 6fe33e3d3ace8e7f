import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * How the Kafka programs' JVMs are started: which Java, which jars, which flags.
 *
 * Measured on 2 idle cores, Java 17, broker alone, start to first answered metadata request (CPU until then):
 * plain 4.5 s (4.5 s CPU), C1 only 2.8 s (2.2 s), class archive only 2.2 s (2.0 s), both 2.0 s (1.2 s). Hence both.
 */

/** Where the jars and the class archives are: written by `npm run programs`, never at start. */
export interface KafkaJars {
  readonly folder: string;
  readonly log4j: string;
  /** A missing archive costs start time, nothing else. */
  readonly archive: (name: string) => string;
  /** Set only while an archive is made: where the JVM stores, at a clean exit, the classes that it had loaded. */
  readonly dumpTo?: string;
}

/** The storage tool runs on the broker's archive. */
export const archivedClasses = { broker: 'kafka', mirror: 'mirror-maker' } as const;

export function kafkaJarsIn(programs: string): KafkaJars {
  const target = join(programs, 'target');
  return {
    folder: join(target, 'dependency'),
    log4j: join(programs, 'log4j2.properties'),
    archive: (name) => join(target, `${name}.jsa`),
  };
}

/** The checkout's own: found from this file both as source and as built (`dist/` has no programs folder, so it looks further up). */
export function defaultKafkaJars(): KafkaJars {
  const tried: string[] = [];
  for (const up of ['../../programs/kafka', '../../../../../libs/embedded-runtime/programs/kafka']) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(join(folder, 'pom.xml'))) return kafkaJarsIn(folder);
    tried.push(folder);
  }
  throw new Error(`no folder of Kafka's jars at ${tried.join(' or ')}`);
}

export function assertJarsPresent(jars: KafkaJars): void {
  if (!existsSync(jars.folder)) throw new Error(`Kafka's jars are missing at ${jars.folder}: run \`npm run programs\` once`);
}

/** The java of JAVA_HOME, else of PATH. */
export function findJava(): string {
  const candidates = [
    ...(process.env['JAVA_HOME'] === undefined ? [] : [join(process.env['JAVA_HOME'], 'bin', 'java')]),
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'java')),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error('no java in JAVA_HOME or PATH: Kafka needs Java 17 or newer');
  return found;
}

export interface JvmOptions {
  readonly jars: KafkaJars;
  readonly mainClass: string;
  readonly archive: (typeof archivedClasses)[keyof typeof archivedClasses];
  readonly heapMb: number;
  readonly args: readonly string[];
}

export function jvmArgs({ jars, mainClass, archive: name, heapMb, args }: JvmOptions): readonly string[] {
  const archive = jars.archive(name);
  const using = existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
  const sharing = jars.dumpTo === undefined ? using : [`-XX:ArchiveClassesAtExit=${jars.dumpTo}`];
  return [
    `-Xms${heapMb}m`,
    `-Xmx${heapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    // An archive of another Java version is ignored; say nothing about it.
    '-Xshare:auto',
    '-Xlog:disable',
    '-Xlog:all=error:stderr',
    ...sharing,
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${jars.log4j}`,
    '-cp',
    join(jars.folder, '*'),
    mainClass,
    ...args,
  ];
}

/** Runs a JVM tool to its end. Rejects with its output when it fails or outlives the time. */
export async function runJava(options: JvmOptions & { readonly timeoutMs: number }): Promise<void> {
  const child = spawn(findJava(), jvmArgs(options), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-8_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(exit ?? signal ?? 'unknown'));
  });
  if (code !== 0) throw new Error(`${options.mainClass} ended with ${code}: ${output}`);
}
