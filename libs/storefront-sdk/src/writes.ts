import { canonicalJson } from '#contracts/browser';
import type { Answered, Caller, CallOptions } from './caller.ts';
import { type Intent, intentSchema, type IntentStore, isSameRequest, nameOf, newKey, type WriteOperation } from './intents.ts';
import { type AnswerOf, pathOf } from './operations.ts';
import type { WriteResult } from './result.ts';

export interface WriteOptions extends CallOptions {
  /**
   * Names this one intention, for ever, such as the id of a cart: clicked in two tabs, or on two devices, it is one order. Without
   * it: the key of the same request if the end of that is not known yet, else a new one.
   */
  readonly key?: string | undefined;
}

type Request = Pick<Intent, 'operation' | 'orderId' | 'body'>;

/**
 * Writes that are done once, however often they are asked: the key is kept before the first try, and until there is a clear answer.
 * Of several calls with one key at once each is told the truth: they are one request to the API.
 */
export class Writes {
  readonly #caller: Caller;
  readonly #store: IntentStore;
  /** So that two calls at once find each other's intents. */
  #beginning: Promise<unknown> = Promise.resolve();

  constructor(caller: Caller, store: IntentStore) {
    this.#caller = caller;
    this.#store = store;
  }

  /** Of this client's customer, the oldest first. */
  async unfinished(): Promise<readonly Intent[]> {
    const customer = this.#customer;
    const intents = (await this.#store.list()).filter((intent) => intent.customer === customer);
    return intents.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  }

  /** Rejects when the intent cannot be kept, or no token can be had: then nothing (more) was sent. */
  async write<Name extends WriteOperation>(name: Name, request: Omit<Request, 'operation'>, options: WriteOptions & { waitMs?: number }) {
    const { intent, doubt } = await this.#begin({ operation: name, ...request }, options.key);
    return this.#send<Name>(intent, doubt, options);
  }

  /** Asks again under the same key. */
  async resume<Name extends WriteOperation>(intent: Intent & { readonly operation: Name }, options: CallOptions) {
    const known = intentSchema.parse(intent);
    if (known.customer !== this.#customer) throw new TypeError('the intent is of another customer');
    await this.#store.save(nameOf(known), known);
    return this.#send<Name>(known, true, options);
  }

  get #customer(): string | null {
    return this.#caller.customer ?? null;
  }

  #begin(request: Request, key: string | undefined): Promise<{ readonly intent: Intent; readonly doubt: boolean }> {
    const begun = this.#beginning.then(async () => {
      const wanted = { ...request, customer: this.#customer };
      const earlier = (await this.unfinished()).find((one) =>
        key === undefined ? isSameRequest(one, wanted) : one.key === key && one.operation === request.operation,
      );
      const startedAt = earlier?.startedAt ?? new Date().toISOString();
      const intent = intentSchema.parse({ ...wanted, key: key ?? earlier?.key ?? newKey(), startedAt });
      await this.#store.save(nameOf(intent), intent);
      return { intent, doubt: earlier !== undefined };
    });
    this.#beginning = begun.catch(() => undefined); // told to whoever asked; the next one begins anew
    return begun;
  }

  async #send<Name extends WriteOperation>(
    intent: Intent,
    doubt: boolean,
    options: CallOptions & { readonly waitMs?: number },
  ): Promise<WriteResult<AnswerOf<Name>>> {
    const { operation, key, orderId, body } = intent;
    const waitSeconds = Math.floor((options.waitMs ?? 0) / 1000);
    const answered = await this.#caller.ask({
      operation: operation as Name,
      path: pathOf(operation, { orderId: orderId ?? '' }),
      headers: { 'idempotency-key': key, ...(waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {}) },
      ...(body === null ? {} : { body: canonicalJson(body) }),
      doubt,
      consistent: false,
      options,
    });
    const result = resultOf<Name>(answered, intent);
    if (result.kind !== 'unknown') await this.#store.remove(nameOf(intent));
    return result;
  }
}

function resultOf<Name extends WriteOperation>(answered: Answered<Name>, intent: Intent): WriteResult<AnswerOf<Name>> {
  const { tries, tookMs } = answered;
  const facts = { tries, tookMs, key: intent.key };
  if (answered.end === 'success') {
    const { status, value, endpoint } = answered;
    return { ...facts, kind: 'done', value, region: endpoint.region, repeated: intent.operation === 'placeOrder' && status === 200 };
  }
  if (answered.end === 'refusal') return { ...facts, kind: 'refused', problem: answered.problem };
  const { because, problem, reason, doubt } = answered;
  return { ...facts, kind: doubt ? 'unknown' : 'unavailable', because, problem, reason, intent };
}
