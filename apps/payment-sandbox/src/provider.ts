import { Faults, type Fault } from './faults.ts';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';
import type { Operation, OperationAnswer } from './operations.ts';

export type Performed =
  | { readonly kind: 'answered'; readonly answer: OperationAnswer }
  /** The key was used before with another request. */
  | { readonly kind: 'key-reused' };

interface Known {
  readonly request: string;
  readonly answer: OperationAnswer;
  readonly durable: Promise<void>;
}

/** Idempotent by key: a key is decided once, and its answer leaves only when the journal holds it. */
export class Provider {
  readonly ledger = new Ledger();
  readonly faults = new Faults();
  readonly #known = new Map<string, Known>();
  readonly #journal: Journal;

  private constructor(journal: Journal) {
    this.#journal = journal;
  }

  static async open(directory: string): Promise<Provider> {
    const { journal, entries } = await Journal.open(directory);
    const provider = new Provider(journal);
    for (const { key, request, operation, answer } of entries) {
      provider.ledger.apply(operation, answer);
      provider.#known.set(key, { request, answer, durable: Promise.resolve() });
    }
    return provider;
  }

  get operations(): number {
    return this.#known.size;
  }

  strike(operation: Operation, key: string): Fault | undefined {
    const customer = operation.kind === 'authorize' ? operation.customerId : this.ledger.account(operation.reference)?.customerId;
    return this.faults.strike(operation, customer, key);
  }

  /** @param declined a fault's order to decline; ignored for a key that has its answer. */
  async perform(operation: Operation, key: string, declined: boolean): Promise<Performed> {
    const request = JSON.stringify(operation);
    const known = this.#known.get(key) ?? this.#decide(operation, key, request, declined);
    if (known.request !== request) return { kind: 'key-reused' };
    await known.durable;
    return { kind: 'answered', answer: known.answer };
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #decide(operation: Operation, key: string, request: string, declined: boolean): Known {
    const id = `${operation.kind}-${this.#known.size + 1}`;
    const answer: OperationAnswer = declined ? { outcome: 'declined', reason: 'declined-by-fault' } : this.ledger.decide(operation, id);
    this.ledger.apply(operation, answer);
    const durable = this.#journal.append({ key, request, operation, answer });
    durable.catch(() => undefined); // whoever awaits it answers 500; this only keeps an unawaited one from ending the process
    const known = { request, answer, durable };
    this.#known.set(key, known);
    return known;
  }
}
