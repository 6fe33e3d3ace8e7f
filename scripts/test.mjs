// Runs every suite, one after the other, says once more what failed, and ends with one line that counts them together: whoever keeps
// only the end of a long run still sees it. Fails when any suite fails or none ran.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const suites = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
let passed = 0;
let failed = 0;
let broken = false;
const failures = [];

for (const suite of suites) {
  const file = join(folder, `${suite}.json`);
  console.log(`\n== ${suite}`);
  const beganMs = performance.now();
  const run = spawnSync('vitest', ['run', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile=${file}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: false,
  });
  console.log(`== ${suite}: ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
  const before = failures.length;
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    if (report.numTotalTests === 0) broken = true;
    failures.push(...report.testResults.flatMap((spec) => failuresOf(spec)));
  } catch (error) {
    console.error(`${suite} left no report: ${String(error)}`);
    broken = true;
  }
  if (run.status === 0) continue;
  broken = true;
  if (failures.length === before) failures.push(`${suite}: ended with ${run.status ?? run.signal}, though no test of it failed`);
}
rmSync(folder, { recursive: true, force: true });
for (const failure of failures) console.log(`\nfailed: ${failure}`);
if (broken && failed === 0) failed = 1; // a suite that broke outside a test is a failure too
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** Of one file of vitest's JSON report: each failed test, or the file that broke before it had any, with the beginning of the reason. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const tests = assertionResults.filter((test) => test.status === 'failed');
  if (tests.length === 0) return status === 'failed' ? [`${file}: ${beginningOf(message)}`] : [];
  return tests.map((test) => `${file} > ${test.fullName}\n${beginningOf(test.failureMessages.join('\n'))}`);
}

function beginningOf(reason) {
  return reason.split('\n').slice(0, 12).join('\n').slice(0, 1500);
}
