import type { Command } from 'commander';
import { watchFile, unwatchFile } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeHome, tailOf } from '#embedded-runtime';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';

interface LogsOptions extends CommonOptions {
  readonly follow: boolean;
}

const tailBytes = 16 * 1024;
const pollMs = 300;

export function logsVerb(): Command {
  return verb('logs [part]', "print the end of a part's log; without a part, say which logs there are")
    .option('-f, --follow', 'go on printing what is added', false)
    .action((part: string | undefined, options: LogsOptions) =>
      answerWith(options, () => (part === undefined ? list() : show(part, options))),
    );
}

async function list(): Promise<Answer> {
  const { logs } = runtimeHome();
  const names = (await readdir(logs))
    .filter((file) => file.endsWith('.log'))
    .map((file) => file.slice(0, -'.log'.length))
    .sort();
  return { value: names, text: names.join('\n') };
}

async function show(part: string, { follow, json }: LogsOptions): Promise<Answer> {
  const { value } = await list();
  if (!(value as readonly string[]).includes(part))
    throw new Error(`no log of ${part}; there are ${(value as readonly string[]).join(', ')}`);
  const path = join(runtimeHome().logs, `${part}.log`);
  const text = await tailOf(path, tailBytes);
  if (!follow || json) return { value: { part, path, lines: text.split('\n').filter((line) => line !== '') }, text: text.trimEnd() };
  process.stdout.write(text);
  await followFile(path);
  return { value: null, text: '' };
}

/** Prints what is added until the process is interrupted. A file that became shorter was moved away: it is read from its start. */
async function followFile(path: string): Promise<void> {
  const interrupted = new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  let printing = Promise.resolve();
  watchFile(path, { interval: pollMs }, (now, before) => {
    const from = now.size < before.size ? 0 : before.size;
    if (now.size > from) printing = printing.then(() => print(path, from, now.size - from));
  });
  await interrupted;
  unwatchFile(path);
  await printing;
}

async function print(path: string, position: number, length: number): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    process.stdout.write(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
