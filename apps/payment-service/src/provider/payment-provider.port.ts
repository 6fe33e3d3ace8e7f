import type { ProviderCall } from '../domain/intents.ts';

type Of<K extends ProviderCall['kind']> = Extract<ProviderCall, { kind: K }>;
export type AuthorizeCall = Of<'authorize'>;
export type CaptureCall = Of<'capture'>;
export type VoidCall = Of<'void'>;
export type RefundCall = Of<'refund'>;

/** What the provider said, for ever: the same key gets the same answer. `providerId` names the operation at the provider. */
export type ProviderOutcome =
  { readonly outcome: 'approved'; readonly providerId: string } | { readonly outcome: 'declined'; readonly reason: string };

/** Nothing is known of the call: it may have been carried out or not. Only asking again under the same key tells. */
export class ProviderUnknownError extends Error {
  override readonly name = 'ProviderUnknownError';
}

/**
 * Moves money, outside. Every call is idempotent by its key; everything that is not a clear answer is thrown.
 * @throws ProviderUnknownError
 */
export interface PaymentProvider {
  authorize(call: AuthorizeCall): Promise<ProviderOutcome>;
  capture(call: CaptureCall): Promise<ProviderOutcome>;
  /** Also ends an authorization that has not arrived yet: one that comes later is declined. */
  void(call: VoidCall): Promise<ProviderOutcome>;
  refund(call: RefundCall): Promise<ProviderOutcome>;
}

/** Nest token of the provider. */
export const PAYMENT_PROVIDER = Symbol('PAYMENT_PROVIDER');
