import { z } from 'zod';
import { KeptHttp, LostConnectionError, type HttpAnswer } from './kept-http.ts';

/**
 * etcd v3 over its JSON gateway (etcd 3.4 and later; https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/): keys and values are
 * base64, 64-bit numbers are text, fields with their zero value are left out.
 *
 * The gateway is used rather than gRPC because a plain HTTP request has a deadline, a connection and an error that one can see.
 * Every call ends within its deadline. None is repeated here, but for reads and renewals, on a kept connection that was found dead.
 */
export interface EtcdOptions {
  /** Client URLs, this region's member first: the others are asked for a while after it has failed. */
  readonly endpoints: readonly string[];
  /** For every call but a watch. */
  readonly deadlineMs: number;
  /** After so long away from the first endpoint it is tried again. Default half a minute: one that hangs costs a deadline each time. */
  readonly firstAgainMs?: number;
}

const firstAgainMsDefault = 30_000;

/** The call may or may not have had its effect: no answer, or none that says. */
export class EtcdUnknownError extends Error {
  override readonly name = 'EtcdUnknownError';
}

const int64 = z.union([z.string().regex(/^-?\d+$/), z.number()]).transform(Number);
const keyValueSchema = z.object({
  key: z.string(),
  value: z.string().default(''),
  mod_revision: int64,
  version: int64.default(0),
  /** Id of the lease that the key stands under; `0`: none. Text, for it has 64 bits. */
  lease: z.union([z.string(), z.number().transform(String)]).default('0'),
});
export type EtcdKeyValue = z.infer<typeof keyValueSchema>;

/** 64 bits without a sign: text, as the gateway writes it. */
const memberIdSchema = z.union([z.string(), z.number().transform(String)]).default('0');
const statusSchema = z.object({ header: z.object({ member_id: memberIdSchema }), leader: memberIdSchema });
const membersSchema = z.object({ members: z.array(z.object({ ID: memberIdSchema, name: z.string().default('') })).default([]) });
const headerSchema = z.object({ revision: int64.default(0) });
const rangeSchema = z.object({ header: headerSchema, kvs: z.array(keyValueSchema).default([]) });
const txnSchema = z.object({
  header: headerSchema,
  succeeded: z.boolean().default(false),
  responses: z.array(z.object({ response_range: z.object({ kvs: z.array(keyValueSchema).default([]) }).optional() })).default([]),
});
const leaseSchema = z.object({ ID: z.string(), TTL: int64.default(0) });
const keepAliveSchema = z.object({ result: z.object({ ID: z.string().optional(), TTL: int64.default(0) }) });
const watchSchema = z.object({
  result: z.object({
    created: z.boolean().default(false),
    canceled: z.boolean().default(false),
    compact_revision: int64.optional(),
    cancel_reason: z.string().optional(),
    events: z.array(z.object({ type: z.enum(['PUT', 'DELETE']).default('PUT'), kv: keyValueSchema })).default([]),
  }),
});
export type EtcdWatchEvent = z.infer<typeof watchSchema>['result']['events'][number];

/** One operation of a transaction. Its answer is what it read; a put reads nothing. */
export type EtcdOperation =
  | { readonly get: string }
  /** All keys that begin so. */
  | { readonly prefix: string }
  | { readonly put: string; readonly value: string; readonly leaseId?: string };

export interface EtcdTransaction {
  /** What must hold: the keys' mod revisions (0: there is no such key). */
  readonly when: readonly { readonly key: string; readonly modRevision: number }[];
  readonly success: readonly EtcdOperation[];
  readonly failure: readonly EtcdOperation[];
}

export interface EtcdTransactionAnswer {
  readonly succeeded: boolean;
  /** Of the store as a whole, after the transaction. */
  readonly revision: number;
  /** Per operation of the branch that was taken. */
  readonly read: readonly (readonly EtcdKeyValue[])[];
}

/** etcd takes no request of more than 1.5 MB; what it holds for Evenkeel is a lineage and some keys of a few hundred bytes. */
const answerBytesMax = 16 * 1024 * 1024;

/** Whether a call may be sent twice. The others go over a connection of their own: a kept one that is dead would leave in doubt what never left. */
type Repeatable = 'repeatable' | 'once';

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
export const textOf = (encoded: string): string => Buffer.from(encoded, 'base64').toString('utf8');

export class EtcdClient {
  readonly #options: EtcdOptions;
  readonly #http = new KeptHttp({ bytesMax: answerBytesMax });
  readonly #closing = new AbortController();
  #endpoint = 0;
  #firstAgainAtMs = 0;

  constructor(options: EtcdOptions) {
    if (options.endpoints.length === 0) throw new RangeError('etcd needs at least one endpoint');
    this.#options = options;
  }

  /** Linearizable: a member without a majority does not answer. @throws EtcdUnknownError */
  async get(
    key: string,
  ): Promise<{ entry: EtcdKeyValue | undefined; /** Of the store as a whole, at the moment of the read. */ revision: number }> {
    const { header, kvs } = await this.#call('/v3/kv/range', { key: base64(key), serializable: false }, rangeSchema, 'repeatable');
    return { entry: kvs[0], revision: header.revision };
  }

  /**
   * Puts if the key's mod revision is the given one (0: there is no such key), else reads it, in one transaction.
   * @throws EtcdUnknownError
   */
  async putIf(
    key: string,
    modRevision: number,
    value: string,
    leaseId?: string,
  ): Promise<{ put: true; revision: number } | { put: false; current: EtcdKeyValue | undefined }> {
    const put = leaseId === undefined ? { put: key, value } : { put: key, value, leaseId };
    const answer = await this.transact({ when: [{ key, modRevision }], success: [put], failure: [{ get: key }] });
    return answer.succeeded ? { put: true, revision: answer.revision } : { put: false, current: answer.read[0]?.[0] };
  }

  /** All of one branch at one revision. One that only reads is linearizable, and costs the members no write. @throws EtcdUnknownError */
  async transact({ when, success, failure }: EtcdTransaction): Promise<EtcdTransactionAnswer> {
    const body = {
      compare: when.map(({ key, modRevision }) => ({
        key: base64(key),
        target: 'MOD',
        result: 'EQUAL',
        mod_revision: String(modRevision),
      })),
      success: success.map(requestOf),
      failure: failure.map(requestOf),
    };
    const onlyReads = [...success, ...failure].every((operation) => !('put' in operation));
    const { succeeded, header, responses } = await this.#call('/v3/kv/txn', body, txnSchema, onlyReads ? 'repeatable' : 'once');
    return { succeeded, revision: header.revision, read: responses.map(({ response_range: range }) => range?.kvs ?? []) };
  }

  async put(key: string, value: string, leaseId: string): Promise<void> {
    await this.#call('/v3/kv/put', { key: base64(key), value: base64(value), lease: leaseId }, z.looseObject({}), 'once');
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    return (await this.#call('/v3/lease/grant', { TTL: String(ttlSeconds) }, leaseSchema, 'once')).ID;
  }

  /** Seconds that the lease has left after this; 0 when it has run out. */
  async keepLeaseAlive(leaseId: string): Promise<number> {
    return (await this.#call('/v3/lease/keepalive', { ID: leaseId }, keepAliveSchema, 'repeatable')).result.TTL;
  }

  async revokeLease(leaseId: string): Promise<void> {
    await this.#call('/v3/lease/revoke', { ID: leaseId }, z.looseObject({}), 'once');
  }

  /** Of the member that answers, by its own knowledge; leader `0`: it knows of none. Needs no majority. @throws EtcdUnknownError */
  async memberStatus(): Promise<{ readonly memberId: string; readonly leaderId: string }> {
    const { header, leader } = await this.#call('/v3/maintenance/status', {}, statusSchema, 'repeatable');
    return { memberId: header.member_id, leaderId: leader };
  }

  /** A member that was added and never started has no name. @throws EtcdUnknownError */
  async members(): Promise<readonly { readonly memberId: string; readonly name: string }[]> {
    const { members } = await this.#call('/v3/cluster/member/list', {}, membersSchema, 'repeatable');
    return members.map(({ ID, name }) => ({ memberId: ID, name }));
  }

  /** Asks the leader, and only it can do so, to hand its office over. Until that is done, or given up after an election's time, it takes no writes. @throws EtcdUnknownError */
  async transferLeadership(toMemberId: string): Promise<void> {
    await this.#call('/v3/maintenance/transfer-leadership', { targetID: toMemberId }, z.looseObject({}), 'once');
  }

  /**
   * Events of one key, or of all that begin so (`isPrefix`), from a revision on, until the stream ends, `signal` fires, or etcd cancels it. A member that is cut off from
   * the majority keeps the stream open and says nothing: whoever watches must also read from time to time.
   */
  async watch(
    key: string,
    fromRevision: number,
    signal: AbortSignal,
    onEvents: (events: readonly EtcdWatchEvent[]) => void,
    isPrefix = false,
  ): Promise<void> {
    const ends = AbortSignal.any([signal, this.#closing.signal]);
    const response = await fetch(this.#url('/v3/watch'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        create_request: { key: base64(key), start_revision: String(fromRevision), ...(isPrefix ? { range_end: endOfPrefix(key) } : {}) },
      }),
      signal: ends,
    });
    if (!response.ok || response.body === null) throw new EtcdUnknownError(`etcd refused a watch: ${response.status}`);
    let rest = '';
    for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + bytes).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter((text) => text.trim() !== '')) {
        const { result } = watchSchema.parse(JSON.parse(line));
        if (result.canceled)
          throw new EtcdUnknownError(`etcd ended the watch: ${result.cancel_reason ?? `compacted at ${result.compact_revision}`}`);
        if (result.events.length > 0) onEvents(result.events);
      }
    }
  }

  close(): void {
    const because = new EtcdUnknownError('the client is closed');
    this.#closing.abort(because);
    this.#http.close(because);
  }

  #url(path: string): URL {
    if (performance.now() >= this.#firstAgainAtMs) this.#endpoint = 0;
    return new URL(path, this.#options.endpoints[this.#endpoint]);
  }

  /** The next call asks another member, if there is one. Calls that fail together have one reason: only the first of them moves on. */
  #moveOn(failed: number): void {
    if (failed !== this.#endpoint) return;
    this.#endpoint = (failed + 1) % this.#options.endpoints.length;
    this.#firstAgainAtMs = performance.now() + (this.#options.firstAgainMs ?? firstAgainMsDefault);
  }

  async #call<T>(path: string, body: object, schema: z.ZodType<T>, repeatable: Repeatable): Promise<T> {
    const url = this.#url(path);
    const asked = this.#endpoint;
    try {
      const { status, text } = await this.#post(url, JSON.stringify(body), repeatable);
      if (status < 200 || status > 299) throw new EtcdUnknownError(`${status} ${text.slice(0, 300)}`);
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      this.#moveOn(asked);
      this.#http.forget();
      throw new EtcdUnknownError(`etcd ${path}: ${reasonOf(cause)}`, { cause });
    }
  }

  async #post(url: URL, body: string, repeatable: Repeatable): Promise<HttpAnswer> {
    const { deadlineMs } = this.#options;
    const untilMs = performance.now() + deadlineMs;
    try {
      return await this.#http.post(url, body, { kept: repeatable === 'repeatable', deadlineMs });
    } catch (error) {
      if (!(error instanceof LostConnectionError)) throw error;
      return this.#http.post(url, body, { kept: false, deadlineMs: untilMs - performance.now() });
    }
  }
}

/** The first key after all that begin so. */
const endOfPrefix = (prefix: string): string => {
  const bytes = Buffer.from(prefix, 'utf8');
  bytes[bytes.length - 1]! += 1; // our keys are ASCII: the last byte has room
  return bytes.toString('base64');
};

function requestOf(operation: EtcdOperation): object {
  if ('get' in operation) return { request_range: { key: base64(operation.get) } };
  if ('prefix' in operation) return { request_range: { key: base64(operation.prefix), range_end: endOfPrefix(operation.prefix) } };
  const { put, value, leaseId } = operation;
  return { request_put: { key: base64(put), value: base64(value), ...(leaseId === undefined ? {} : { lease: leaseId }) } };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
