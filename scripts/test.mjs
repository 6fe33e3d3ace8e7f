// Runs every suite, one after the other, and ends with one line that counts them together. Fails when any suite fails or none ran.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const suites = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
let passed = 0;
let failed = 0;
let broken = false;

for (const suite of suites) {
  const file = join(folder, `${suite}.json`);
  console.log(`\n== ${suite}`);
  const run = spawnSync('vitest', ['run', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile=${file}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: false,
  });
  if (run.status !== 0) broken = true;
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    if (report.numTotalTests === 0) broken = true;
  } catch (error) {
    console.error(`${suite} left no report: ${String(error)}`);
    broken = true;
  }
}
rmSync(folder, { recursive: true, force: true });
if (broken && failed === 0) failed = 1; // a suite that broke outside a test is a failure too
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
