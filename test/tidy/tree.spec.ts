import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What linters cannot see: the shape of the tree. Each rule stands in docs/ARCHITECTURE.md or in the habits of this code. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(path)); // one that is deleted stays in the index until that is committed
const sources = tracked.filter((path) => /^(apps|libs|test|scripts)\/.*\.(ts|mjs)$/.test(path));
const textOf = (path: string): string => readFileSync(path, 'utf8');
const offenders = (pattern: RegExp, paths: readonly string[] = sources): string[] =>
  paths
    .filter((path) => !path.startsWith('test/tidy/'))
    .flatMap((path) =>
      textOf(path)
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );

describe('names', () => {
  it('files are kebab-case with roles behind dots', () => {
    expect(sources.filter((path) => !/^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(ts|mjs)$/.test(basename(path)))).toEqual([]);
  });

  it('no name that names nothing', () => {
    expect(sources.filter((path) => /(^|\/)(utils?|helpers?|common|misc|manager)(\/|\.ts$)/.test(path))).toEqual([]);
  });

  it('a lib has one front door, and nothing inside has another', () => {
    expect(sources.filter((path) => path.endsWith('/index.ts') && !/^libs\/[^/]+\/src\/index\.ts$/.test(path))).toEqual([]);
  });
});

describe('tests', () => {
  it('none is skipped, focused or left for later', () => {
    expect(offenders(/\b(it|test|describe|scenario)\.(skip|only|todo|fails)\b/)).toEqual([]);
  });

  it('none sleeps instead of waiting for a condition', () => {
    const specs = sources.filter((path) => path.endsWith('.spec.ts'));
    expect(offenders(/await (sleep|delay|setTimeout)\(/, specs)).toEqual([]);
  });
});

describe('waivers', () => {
  it('each gives its reason on the line', () => {
    expect(offenders(/(oxlint-disable|eslint-disable|@ts-expect-error|@ts-ignore)(?!.* -- .+)/)).toEqual([]);
  });

  it('their number only falls', () => {
    expect(offenders(/(oxlint-disable|eslint-disable|@ts-expect-error|@ts-ignore)/).length).toBeLessThanOrEqual(waiversMax);
  });
});
const waiversMax = 0;

describe('the buses', () => {
  it('no command and no query has two handlers: the bus would only warn', () => {
    const handled = offenders(/@(Command|Query)Handler\(/).map((line) => /@(?:Command|Query)Handler\((\w+)/.exec(line)?.[1]);
    expect(handled.filter((name, index) => handled.indexOf(name) !== index)).toEqual([]);
  });

  it('nobody uses what loses failures', () => {
    expect(offenders(/\b(EventBus|@Saga\b|AggregateRoot|ClientKafka)\b/)).toEqual([]);
  });
});

describe('what is not ours to publish', () => {
  it('no path of a machine', () => {
    const texts = tracked.filter((path) => /\.(ts|mjs|json|md|yml|yaml|sh|run)$/.test(path) && path !== 'package-lock.json');
    expect(offenders(/(^|[\s'"`(=])\/(root|work|home\/[a-z]+)\//, texts)).toEqual([]);
  });

  it('no download address in the lock file', () => {
    expect(textOf('package-lock.json')).not.toMatch(/"resolved": "https?:/);
  });
});
