/** `npm run mutants`: see docs/MUTANTS.md. Its answer goes to standard output, how far it is to standard error. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { catchers } from './catchers.ts';
import { chosen, mutantsCommand, type MutantsOptions } from './mutants-options.ts';
import type { Mutant } from './mutant.ts';
import { isProof, listText, pageWith, tableText, trialsText } from './mutants-text.ts';
import { allMutants } from './planted/all-mutants.ts';
import { runCatcher } from './run-catcher.ts';
import { runMutants, type Trial } from './run-mutants.ts';
import { TreeCopy, treeRoot } from './tree-copy.ts';

async function mutants(options: MutantsOptions): Promise<void> {
  const asked = chosen(allMutants, options.only);
  if (options.list) {
    console.log(options.json ? JSON.stringify(asked) : listText(asked));
    return;
  }
  const trials = await tried(asked);
  console.log(options.json ? JSON.stringify(trials) : trialsText(trials));
  if (options.only === undefined) writePage(trials);
  process.exitCode = isProof(trials) ? 0 : 1;
}

async function tried(asked: readonly Mutant[]): Promise<readonly Trial[]> {
  const startedMs = performance.now();
  const say = (line: string): void => console.error(`${((performance.now() - startedMs) / 1_000).toFixed(0).padStart(5)} s  ${line}`);
  const stopping = new AbortController();
  const tree = TreeCopy.make();
  const interrupted = (): void => {
    stopping.abort(); // the group of processes that runs now ends with it
    tree.remove();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const { signal } = stopping;
    return await runMutants(asked, {
      tree,
      run: (suite, withinMs) => runCatcher(catchers[suite], { cwd: tree.path, withinMs, signal }),
      say,
    });
  } finally {
    tree.remove();
  }
}

function writePage(trials: readonly Trial[]): void {
  const path = join(treeRoot, 'docs', 'MUTANTS.md');
  const taken = { date: new Date().toISOString().slice(0, 10), machine: `${cpus().length} cores, Node ${process.versions.node}` };
  writeFileSync(path, pageWith(readFileSync(path, 'utf8'), tableText(trials, taken)));
}

try {
  await mutantsCommand(mutants).parseAsync(process.argv);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
