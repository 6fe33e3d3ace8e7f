/** Why the payment service does not do what it was asked. */
export type PaymentRefusal =
  | { readonly code: 'payment-not-found' }
  | { readonly code: 'payment-differs' }
  | { readonly code: 'payment-not-authorized' }
  | { readonly code: 'payment-voided' }
  | { readonly code: 'payment-already-captured' }
  | { readonly code: 'currency-differs'; readonly currency: string }
  | { readonly code: 'more-than-authorized'; readonly amountMinorMax: number }
  | { readonly code: 'more-than-captured'; readonly amountMinorMax: number }
  | { readonly code: 'capture-id-reused'; readonly captureId: string }
  | { readonly code: 'refund-id-reused'; readonly refundId: string }
  /** An outcome of something that was never asked of the provider. */
  | { readonly code: 'intent-unknown' }
  /** The provider said something else before, and the first answer stands. */
  | { readonly code: 'outcome-differs' };
