import { expect, it } from 'vitest';
import { customerId, orderId } from '#contracts';
import { currentTraceparent, metricNames, metrics, startTelemetry } from '#telemetry';
import { countingFrom } from '#test-kit';
import { ProviderUnknownError, type PaymentProvider, type ProviderOutcome } from './payment-provider.port.ts';
import { WatchedPaymentProvider } from './watched-payment-provider.ts';

const order = orderId('ord_a');
const authorize = {
  kind: 'authorize',
  idempotencyKey: 'k',
  orderId: order,
  customerId: customerId('c'),
  amountMinor: 1,
  currency: 'GBP',
} as const;

it("counts what the provider answers, in its order's trace, and answers the same", async () => {
  const telemetry = startTelemetry({ service: 'payment-service', region: 'east', instance: 1, otlp: undefined });
  const grownBy = await countingFrom(metrics);
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const answers: (ProviderOutcome | Error)[] = [
    { outcome: 'approved', providerId: 'p' },
    { outcome: 'declined', reason: 'no money' },
    new ProviderUnknownError('no answer'),
  ];
  const traces: string[] = [];
  const provider = {
    authorize: () => {
      traces.push(currentTraceparent());
      const answer = answers.shift()!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  } as unknown as PaymentProvider;
  const watched = new WatchedPaymentProvider(provider, () => traceparent);
  expect(await watched.authorize(authorize)).toEqual({ outcome: 'approved', providerId: 'p' });
  expect(await watched.authorize(authorize)).toEqual({ outcome: 'declined', reason: 'no money' });
  await expect(watched.authorize(authorize)).rejects.toThrow(ProviderUnknownError);
  expect(traces).toEqual([traceparent, traceparent, traceparent]);
  for (const outcome of ['approved', 'declined', 'unknown'])
    expect(await grownBy(metricNames.providerCalls, { kind: 'authorize', outcome })).toBe(1);
  await telemetry.stop();
});
