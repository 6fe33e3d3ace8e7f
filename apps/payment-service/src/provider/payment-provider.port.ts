import type { CustomerId, OrderId } from '#contracts';

/** One call that the log says must be made. `key` is the provider's idempotency key: derived from the intent, never new. */
interface About {
  readonly key: string;
  readonly orderId: OrderId;
}
interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}
export type AuthorizeCall = About & Money & { readonly kind: 'authorize'; readonly customerId: CustomerId };
export type CaptureCall = About & Money & { readonly kind: 'capture'; readonly captureId: string };
export type VoidCall = About & { readonly kind: 'void' };
export type RefundCall = About & Money & { readonly kind: 'refund'; readonly refundId: string };
export type ProviderCall = AuthorizeCall | CaptureCall | VoidCall | RefundCall;

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
