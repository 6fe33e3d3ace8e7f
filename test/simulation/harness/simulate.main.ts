/** `npm run simulate`: see docs/SIMULATION.md. Its answer goes to standard output, how far it is to standard error. */
import * as tables from '../run/simulation.ts';
import { simulateCommand } from './simulate-command.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort()).once('SIGTERM', () => interrupt.abort());
try {
  process.exitCode = await simulateCommand(process.argv.slice(2), {
    world: new URL('../run/simulation.ts', import.meta.url),
    tables,
    print: (text) => void process.stdout.write(`${text}\n`),
    say: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
    interrupted: interrupt.signal,
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
