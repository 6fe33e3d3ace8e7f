import type { OrderId } from '#contracts';
import { attributeNames, metricNames, metrics, spanNames, SpanKind, withSpan } from '#telemetry';
import type { ProviderCall } from '../domain/intents.ts';
import type { AuthorizeCall, CaptureCall, PaymentProvider, ProviderOutcome, RefundCall, VoidCall } from './payment-provider.port.ts';

const calls = metrics.counter(metricNames.providerCalls);

/** A provider whose calls are counted, each with a span in its order's trace. Changes nothing of them. */
export class WatchedPaymentProvider implements PaymentProvider {
  readonly #provider: PaymentProvider;
  readonly #traceparentOf: (order: OrderId) => string;

  constructor(provider: PaymentProvider, traceparentOf: (order: OrderId) => string) {
    this.#provider = provider;
    this.#traceparentOf = traceparentOf;
  }

  authorize(call: AuthorizeCall): Promise<ProviderOutcome> {
    return this.#watch(call, () => this.#provider.authorize(call));
  }

  capture(call: CaptureCall): Promise<ProviderOutcome> {
    return this.#watch(call, () => this.#provider.capture(call));
  }

  void(call: VoidCall): Promise<ProviderOutcome> {
    return this.#watch(call, () => this.#provider.void(call));
  }

  refund(call: RefundCall): Promise<ProviderOutcome> {
    return this.#watch(call, () => this.#provider.refund(call));
  }

  async #watch({ kind, orderId }: ProviderCall, call: () => Promise<ProviderOutcome>): Promise<ProviderOutcome> {
    const attributes = { [attributeNames.providerCall]: kind, [attributeNames.correlation]: orderId };
    const traceparent = this.#traceparentOf(orderId);
    let outcome = 'unknown';
    try {
      const answer = await withSpan(spanNames.providerCall, { traceparent, kind: SpanKind.INTERNAL, attributes }, call);
      outcome = answer.outcome;
      return answer;
    } finally {
      calls.add({ kind, outcome });
    }
  }
}
