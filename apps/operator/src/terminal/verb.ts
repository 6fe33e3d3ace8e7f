import { Command } from 'commander';
import { NotRunningError } from '#embedded-runtime';

/**
 * What each verb has in common: `--json`, an answer that is either one JSON value or lines for a person, and a failure that is one
 * message and exit code 1 instead of a stack.
 */
export interface Answer {
  /** For `--json`. */
  readonly value: unknown;
  /** For a person; nothing is printed when empty. */
  readonly text: string;
  /** Default 0. */
  readonly exitCode?: number;
}

export interface CommonOptions {
  readonly json: boolean;
}

export function verb(nameAndArguments: string, description: string): Command {
  const [name = '', ...words] = nameAndArguments.split(' ');
  const command = new Command(name);
  if (words.length > 0) command.arguments(words.join(' '));
  return command.description(description).option('--json', 'answer with one JSON value', false).showHelpAfterError();
}

/** Runs a verb's action to its answer, and prints it. */
export async function answerWith(options: CommonOptions, action: () => Promise<Answer>): Promise<void> {
  try {
    const { value, text, exitCode = 0 } = await action();
    if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    else if (text !== '') process.stdout.write(`${text}\n`);
    process.exitCode = exitCode;
  } catch (error) {
    process.exitCode = 1;
    const message = error instanceof Error ? error.message : String(error);
    if (options.json) process.stdout.write(`${JSON.stringify({ error: message, running: !(error instanceof NotRunningError) })}\n`);
    else process.stderr.write(`evenkeel: ${message}\n`);
  }
}
