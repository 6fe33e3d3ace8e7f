import type { CustomerId, OrderId } from '#contracts';

export interface PaymentTerms {
  readonly orderId: OrderId;
  readonly customerId: CustomerId;
  readonly amountMinor: number;
  readonly currency: string;
}

/** A capture or refund: asked of the provider, and what it answered. */
export interface Movement {
  readonly id: string;
  readonly amountMinor: number;
  readonly outcome: 'outstanding' | 'done' | 'refused';
}

/**
 * The payment of one order. Wherever a status names something that the provider was asked and has not answered, a call to it is
 * outstanding (see intents.ts).
 */
export type PaymentState =
  | { readonly status: 'absent' }
  /** `voidRequested`: the order was cancelled meanwhile; carried out when the authorization arrives, moot when it is declined. */
  | { readonly status: 'authorizing'; readonly terms: PaymentTerms; readonly voidRequested: boolean }
  | { readonly status: 'declined'; readonly terms: PaymentTerms; readonly reason: string }
  | {
      readonly status: 'authorized';
      readonly terms: PaymentTerms;
      readonly authorizationId: string;
      readonly captures: readonly Movement[];
      readonly refunds: readonly Movement[];
    }
  | { readonly status: 'voiding' | 'voided'; readonly terms: PaymentTerms; readonly authorizationId: string };

export type AuthorizedPayment = Extract<PaymentState, { status: 'authorized' }>;

const sum = (movements: readonly Movement[], counts: (movement: Movement) => boolean): number =>
  movements.filter(counts).reduce((total, { amountMinor }) => total + amountMinor, 0);

/** What is captured or may yet be: an outstanding capture counts, for it may succeed. */
export const claimedMinorOf = (captures: readonly Movement[]): number => sum(captures, ({ outcome }) => outcome !== 'refused');

/** What is certainly captured: only that can be refunded. */
export const capturedMinorOf = (captures: readonly Movement[]): number => sum(captures, ({ outcome }) => outcome === 'done');
