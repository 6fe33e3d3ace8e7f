import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import type { Catcher } from './catchers.ts';

/** What came of a catcher's run. `unclear` says nothing about what it would have found. */
export type Verdict =
  | { readonly verdict: 'passed'; readonly tests: number }
  /** `test`: a test, or a property of a simulated run. */
  | { readonly verdict: 'failed'; readonly test: string; readonly message: string }
  | { readonly verdict: 'unclear'; readonly because: string };

/** @throws when it is no report of such a catcher */
export function verdictOf({ kind }: Catcher, report: string): Verdict {
  const value: unknown = JSON.parse(report);
  return kind === 'specs' ? ofSpecs(specsReport.parse(value)) : ofSeeds(seedsReport.parse(value));
}

/** What is used of vitest's JSON report, whose form is Jest's. */
const specsReport = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish().default([]) }),
      ),
    }),
  ),
});

function ofSpecs({ success, numPassedTests, testResults }: z.output<typeof specsReport>): Verdict {
  for (const { assertionResults } of testResults)
    for (const { status, fullName, failureMessages } of assertionResults)
      if (status === 'failed') return failed(fullName, failureMessages?.[0] ?? '');
  const broken = testResults.find(({ status }) => status === 'failed');
  if (broken !== undefined) return { verdict: 'unclear', because: `${broken.name} does not load: ${firstLineOf(broken.message)}` };
  if (!success) return { verdict: 'unclear', because: 'it failed, and no test of it did' };
  if (numPassedTests === 0) return { verdict: 'unclear', because: 'no test ran' };
  return { verdict: 'passed', tests: numPassedTests };
}

/** What is used of the answer of `npm run simulate -- --json`. */
const seedsReport = z.object({
  seeds: z.number(),
  endedBy: z.string(),
  failures: z.array(
    z.object({
      failed: z.object({ seed: z.number(), violations: z.array(z.object({ property: z.string(), what: z.string() })).min(1) }),
    }),
  ),
});

function ofSeeds({ seeds, endedBy, failures }: z.output<typeof seedsReport>): Verdict {
  const first = failures[0]?.failed;
  if (first !== undefined) return failed(first.violations[0]!.property, first.violations[0]!.what, `seed ${first.seed}: `);
  if (seeds === 0 || endedBy !== 'all seeds') return { verdict: 'unclear', because: `${seeds} seeds ran, ended by ${endedBy}` };
  return { verdict: 'passed', tests: seeds };
}

/** Code that names what is not there fails wherever it is run: it is no bug of the kind that is planted here. */
const isBrokenCode = /^(?:\w+Error: )?(?:ReferenceError|SyntaxError)\b/;

function failed(test: string, message: string, before = ''): Verdict {
  const said = firstLineOf(before + message);
  if (isBrokenCode.test(firstLineOf(message))) return { verdict: 'unclear', because: `${test} does not run: ${said}` };
  return { verdict: 'failed', test, message: said };
}

const messageMax = 200;

/** What the failure says, without its stack: one line, bounded. */
function firstLineOf(message: string): string {
  const said = stripVTControlCharacters(message)
    .split(/\n\s+at /)[0]!
    .replaceAll(/\s+/g, ' ')
    .trim();
  return said.length > messageMax ? `${said.slice(0, messageMax - 1)}…` : said;
}
