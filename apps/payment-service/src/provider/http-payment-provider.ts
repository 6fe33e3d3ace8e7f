import { postJson } from '#service-kit/post-json';
import { attributeNames, currentTraceparent, spanNames, SpanKind, type SpanNotes, withSpan } from '#telemetry';
import { z } from 'zod';
import type { ProviderCall } from '../domain/intents.ts';
import { ProviderUnknownError } from './payment-provider.port.ts';
import type { AuthorizeCall, CaptureCall, PaymentProvider, ProviderOutcome, RefundCall, VoidCall } from './payment-provider.port.ts';

const answerSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('approved'), id: z.string().min(1) }),
  z.object({ outcome: z.literal('declined'), reason: z.string() }),
]);
const answerBytesMax = 64 * 1024;

export interface HttpPaymentProviderOptions {
  /** Base URL, as in the topology. */
  readonly url: string;
  /** From the first byte sent to the last received. Longer than the provider usually takes: a late answer costs another call. */
  readonly timeoutMs: number;
}

/**
 * The payment sandbox's HTTP protocol: `POST` with an `Idempotency-Key`, the payment named by its order id, 200 with an outcome. A timeout, a lost connection, any
 * other status and any other body are unknown. A 4xx is unknown too: it is our bug, the card may be charged, and only a person
 * can tell; it stays outstanding and is reported until then. Connections are kept.
 */
export class HttpPaymentProvider implements PaymentProvider {
  readonly #options: HttpPaymentProviderOptions;

  constructor(options: HttpPaymentProviderOptions) {
    this.#options = options;
  }

  authorize(call: AuthorizeCall): Promise<ProviderOutcome> {
    const { orderId, customerId, amountMinor, currency } = call;
    return this.#post('/v1/authorizations', call, { reference: orderId, customerId, amountMinor, currency });
  }

  capture(call: CaptureCall): Promise<ProviderOutcome> {
    return this.#post('/v1/captures', call, { reference: call.orderId, amountMinor: call.amountMinor, currency: call.currency });
  }

  void(call: VoidCall): Promise<ProviderOutcome> {
    return this.#post('/v1/voids', call, { reference: call.orderId });
  }

  refund(call: RefundCall): Promise<ProviderOutcome> {
    return this.#post('/v1/refunds', call, { reference: call.orderId, amountMinor: call.amountMinor, currency: call.currency });
  }

  #post(path: string, call: ProviderCall, body: object): Promise<ProviderOutcome> {
    const url = new URL(path, this.#options.url);
    const attributes = {
      [attributeNames.httpMethod]: 'POST',
      [attributeNames.urlFull]: url.href,
      [attributeNames.serverAddress]: url.hostname,
      [attributeNames.serverPort]: Number(url.port),
    };
    return withSpan(spanNames.httpClient('POST'), { kind: SpanKind.CLIENT, attributes }, (span) => this.#ask(url, call, body, span));
  }

  async #ask(url: URL, call: ProviderCall, body: object, span: SpanNotes): Promise<ProviderOutcome> {
    const about = `${call.kind} of ${call.orderId} under ${call.idempotencyKey}`;
    const headers = { accept: 'application/json', 'idempotency-key': call.idempotencyKey, traceparent: currentTraceparent() };
    const { timeoutMs } = this.#options;
    const { status, text } = await postJson({ url, headers, body: JSON.stringify(body), timeoutMs, answerBytesMax }).catch(
      (cause: unknown) => {
        throw new ProviderUnknownError(`${about}: no answer`, { cause });
      },
    );
    span.note({ attributes: { [attributeNames.httpStatus]: status } });
    if (status !== 200) throw new ProviderUnknownError(`${about}: answered ${status}: ${text.slice(0, 300)}`);
    const answer = answerSchema.safeParse(parsed(text));
    if (!answer.success) throw new ProviderUnknownError(`${about}: answered what is no outcome: ${text.slice(0, 300)}`);
    return answer.data.outcome === 'approved' ? { outcome: 'approved', providerId: answer.data.id } : answer.data;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON fits no schema: the caller says what came instead
  }
}
