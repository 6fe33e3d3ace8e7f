import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { planName, projectRoot, readSystem, renderPlan, runtimeHome } from '#embedded-runtime';
import { operatorProgram } from './operator-program.ts';

const root = projectRoot();
const runbooks = join(root, 'docs', 'runbooks');

/** Every `npx evenkeel …` that a runbook has its reader type: a line of its own, or a code span, which may go over a line's end. */
const commandsIn = (text: string): readonly string[] =>
  [...text.matchAll(/`npx evenkeel ([^`…]+)`|^npx evenkeel (.+)$/gm)].map(([, span, line]) => (span ?? line!).replaceAll(/\s+/g, ' '));

/** The verb that would run, and the words and options that are left for it. */
function resolve(program: Command, words: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } {
  let command = program;
  let rest = words;
  for (;;) {
    const next = command.commands.find((each) => each.name() === rest[0]);
    if (next === undefined) return { command, rest };
    [command, rest] = [next, rest.slice(1)];
  }
}

/** What is wrong with a command, if anything. */
function problemOf(program: Command, text: string, parts: ReadonlySet<string>): string | undefined {
  const { command, rest } = resolve(program, text.split(' '));
  if (command.commands.length > 0) return 'is no verb';
  const positional: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at]!;
    if (!word.startsWith('-')) positional.push(word);
    else {
      const option = command.options.find(({ long, short }) => word === long || word === short);
      if (option === undefined && word !== '--help') return `has no option ${word}`;
      if (option?.required === true) at += 1; // its value
    }
  }
  if (positional.length > command.registeredArguments.length) return `takes no ${positional.at(-1)}`;
  if (positional.length < command.registeredArguments.filter(({ required }) => required).length) return 'lacks an argument';
  const part = ['kill', 'pause', 'resume', 'logs'].includes(command.name()) && command.parent === program ? positional[0] : undefined;
  return part === undefined || parts.has(part) ? undefined : `names no part of the system`;
}

async function partsOfTheSystem(): Promise<ReadonlySet<string>> {
  const system = await readSystem(join(root, 'deploy', 'topology', 'embedded.json'));
  const home = runtimeHome('/nowhere');
  const postgres = { initdb: '/pg/initdb', postgres: '/pg/postgres' };
  const dns = { command: '/dns/server' };
  const options = { system, home, projectRoot: root, postgres, user: undefined, dns, prometheus: '/prometheus' };
  return new Set((await renderPlan({ ...options, createTopics: () => Promise.resolve() })).map(planName));
}

describe('what runbooks have their readers type', () => {
  it('exists, with these options and arguments, for parts that there are', async () => {
    const [program, parts] = [operatorProgram(), await partsOfTheSystem()];
    const commands = readdirSync(runbooks).flatMap((name) =>
      commandsIn(readFileSync(join(runbooks, name), 'utf8')).map((text) => ({ name, text })),
    );
    expect(commands.length).toBeGreaterThan(50);
    const problems = commands.flatMap(({ name, text }) => {
      const problem = problemOf(program, text, parts);
      return problem === undefined ? [] : [`${name}: npx evenkeel ${text}: ${problem}`];
    });
    expect(problems).toEqual([]);
  });

  it.each([
    ['regoin status', 'is no verb'],
    ['region status --nonsense', 'has no option --nonsense'],
    ['region kill', 'lacks an argument'],
    ['status now', 'takes no now'],
    ['kill east.order', 'names no part of the system'],
  ])('%s would be found', async (text, problem) => {
    expect(problemOf(operatorProgram(), text, await partsOfTheSystem())).toBe(problem);
  });

  it('is read from lines and code spans', () => {
    const text = '`npx evenkeel …` does it. Do `npx evenkeel kill\n  east.kafka` now:\n\n```\nnpx evenkeel up --detach\n```\n';
    expect(commandsIn(text)).toEqual(['kill east.kafka', 'up --detach']);
  });
});
