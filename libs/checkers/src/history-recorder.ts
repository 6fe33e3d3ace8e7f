import { assert } from '#kernel';
import type { Region } from '#contracts';
import type { Answer, Asked, Completion, Fault, History, Operation, PlantedStock } from './history.ts';

type Open = Omit<Operation, 'completion'> & { completion: Completion | undefined };

/** An operation that was begun: ends once, or never. */
export interface OpenOperation {
  ok(atMs: number, region: Region, answer: Answer): void;
  refused(atMs: number, code: string, region?: Region): void;
  unknown(atMs: number, because: string): void;
}

/** Writes a history down while it happens. Holds one object per operation, and reads no clock. */
export class HistoryRecorder {
  readonly #partitions: number;
  readonly #operations: Open[] = [];
  readonly #planted: PlantedStock[] = [];
  readonly #faults: { fromMs: number; toMs: number | undefined; kind: string; struck: string }[] = [];

  /** `partitions`: P of the topology. */
  constructor({ partitions }: { readonly partitions: number }) {
    this.#partitions = partitions;
  }

  invoke(asked: Asked, begun: Pick<Operation, 'session' | 'invokedMs' | 'deadlineMs' | 'token'>): OpenOperation {
    assert(begun.deadlineMs >= begun.invokedMs, 'a deadline is a moment, not a duration');
    const operation: Open = { ...begun, asked, completion: undefined };
    this.#operations.push(operation);
    const complete = (completion: Completion): void => {
      assert(operation.completion === undefined, 'an operation ends once');
      operation.completion = completion;
    };
    return {
      ok: (atMs, region, answer) => {
        assert(answer.kind === asked.kind, `a ${asked.kind} is answered as one, not as a ${answer.kind}`);
        complete({ outcome: 'ok', atMs, region, answer });
      },
      refused: (atMs, code, region) => complete({ outcome: 'refused', atMs, code, ...(region === undefined ? {} : { region }) }),
      unknown: (atMs, because) => complete({ outcome: 'unknown', atMs, because }),
    };
  }

  /** Stock that is in the pools for certain: only after its receipt or adjustment was acknowledged. */
  planted(stock: PlantedStock): void {
    this.#planted.push(stock);
  }

  /** Returns what is to be called when it is healed. */
  fault(fromMs: number, kind: string, struck: string): (toMs: number) => void {
    const fault: { -readonly [Key in keyof Fault]: Fault[Key] } = { fromMs, toMs: undefined, kind, struck };
    this.#faults.push(fault);
    return (toMs) => (fault.toMs = toMs);
  }

  /** Nothing may be added afterwards. In order of invocation, as it was told. */
  close(endedMs: number): History {
    return { partitions: this.#partitions, operations: this.#operations, planted: this.#planted, faults: this.#faults, endedMs };
  }
}
