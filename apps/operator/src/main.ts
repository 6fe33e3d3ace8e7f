import { operatorProgram } from './operator-program.ts';

try {
  await operatorProgram().parseAsync(process.argv);
} catch (error) {
  process.stderr.write(`evenkeel: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
