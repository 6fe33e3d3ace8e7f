import type { QueuedCommand } from './decide-batch.ts';

export interface WaitingCommand<Command> extends QueuedCommand<Command> {
  readonly bytes: number;
  /** `performance.now()` when it came. */
  readonly sinceMs: number;
  /** An append of what was decided about it may be in the log, or may come into it yet. */
  attempted: boolean;
}

/** The commands that wait for a shard's writer, in the order in which they came. */
export class CommandQueue<Command> {
  readonly #commands: WaitingCommand<Command>[] = [];

  get length(): number {
    return this.#commands.length;
  }

  /** When the first one came; undefined when none waits. */
  get oldestMs(): number | undefined {
    return this.#commands[0]?.sinceMs;
  }

  push(command: QueuedCommand<Command>, bytes: number): void {
    this.#commands.push({ ...command, bytes, sinceMs: performance.now(), attempted: false });
  }

  /** The first ones that fit into one batch, at least one when there is any. They stay until they are `take`n. */
  batch(commandsMax: number, bytesMax: number): readonly WaitingCommand<Command>[] {
    let bytes = 0;
    let count = 0;
    for (const command of this.#commands) {
      bytes += command.bytes;
      if (count > 0 && (count >= commandsMax || bytes > bytesMax)) break;
      count += 1;
    }
    return this.#commands.slice(0, count);
  }

  take(count = this.#commands.length): readonly WaitingCommand<Command>[] {
    return this.#commands.splice(0, count);
  }

  /** Those that came before an instant. */
  takeOlderThan(instantMs: number): readonly WaitingCommand<Command>[] {
    const younger = this.#commands.findIndex(({ sinceMs }) => sinceMs >= instantMs);
    return this.take(younger < 0 ? this.#commands.length : younger);
  }
}
