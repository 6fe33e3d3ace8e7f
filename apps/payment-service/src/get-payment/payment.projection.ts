import { assertNever } from '#kernel';
import type { PaymentEvent, PaymentStatus } from '#contracts';
import { rowProjection, storedInstant } from '#projections';

export interface PaymentRow {
  readonly order_id: string;
  readonly shard: string;
  readonly seq: number;
  readonly customer_id: string;
  readonly currency: string;
  readonly status: PaymentStatus;
  readonly requested_minor: number;
  readonly authorized_minor: number;
  readonly captured_minor: number;
  readonly refunded_minor: number;
  readonly captures_outstanding: number;
  readonly refunds_outstanding: number;
  readonly captures_refused: number;
  readonly refunds_refused: number;
  /** The order was cancelled before the provider answered. */
  readonly void_requested: boolean;
  readonly decline_reason: string | null;
  readonly requested_at: string;
}

export const paymentsProjection = rowProjection<PaymentEvent, PaymentRow, 'order_id'>({
  name: 'payments',
  version: 1,
  table: 'payment',
  columns: {
    order_id: 'text',
    shard: 'text',
    seq: 'bigint',
    customer_id: 'text',
    currency: 'text',
    status: 'text',
    requested_minor: 'bigint',
    authorized_minor: 'bigint',
    captured_minor: 'bigint',
    refunded_minor: 'bigint',
    captures_outstanding: 'int',
    refunds_outstanding: 'int',
    captures_refused: 'int',
    refunds_refused: 'int',
    void_requested: 'boolean',
    decline_reason: 'text',
    requested_at: 'timestamptz',
  },
  key: ['order_id'],
  changes: ({ shard, seq, event }) => {
    const key = { order_id: event.orderId };
    if (event.type === 'PaymentAuthorizationRequested') return [{ key, row: requestedRow(shard, seq, event) }];
    return [{ key, fold: (row) => (row === undefined ? undefined : { ...row, shard, seq, ...movedBy(row, event) }) }];
  },
});

const requestedRow = (shard: string, seq: number, event: Extract<PaymentEvent, { type: 'PaymentAuthorizationRequested' }>): PaymentRow => ({
  order_id: event.orderId,
  shard,
  seq,
  customer_id: event.customerId,
  currency: event.currency,
  status: 'authorizing',
  requested_minor: event.amountMinor,
  authorized_minor: 0,
  captured_minor: 0,
  refunded_minor: 0,
  captures_outstanding: 0,
  refunds_outstanding: 0,
  captures_refused: 0,
  refunds_refused: 0,
  void_requested: false,
  decline_reason: null,
  requested_at: storedInstant(event.requestedAt),
});

function movedBy(row: PaymentRow, event: Exclude<PaymentEvent, { type: 'PaymentAuthorizationRequested' }>): Partial<PaymentRow> {
  switch (event.type) {
    case 'PaymentAuthorized':
      return { status: row.void_requested ? 'voiding' : 'authorized', authorized_minor: row.requested_minor };
    case 'PaymentDeclined':
      return { status: 'declined', decline_reason: event.reason };
    case 'PaymentVoidRequested':
      return row.status === 'authorized' ? { status: 'voiding', void_requested: true } : { void_requested: true };
    case 'PaymentVoided':
      return { status: 'voided' };
    case 'PaymentCaptureRequested':
      return { captures_outstanding: row.captures_outstanding + 1 };
    case 'PaymentCaptured':
      return { captures_outstanding: row.captures_outstanding - 1, captured_minor: row.captured_minor + event.amountMinor };
    case 'PaymentCaptureRefused':
      return { captures_outstanding: row.captures_outstanding - 1, captures_refused: row.captures_refused + 1 };
    case 'PaymentRefundRequested':
      return { refunds_outstanding: row.refunds_outstanding + 1 };
    case 'PaymentRefunded':
      return { refunds_outstanding: row.refunds_outstanding - 1, refunded_minor: row.refunded_minor + event.amountMinor };
    case 'PaymentRefundRefused':
      return { refunds_outstanding: row.refunds_outstanding - 1, refunds_refused: row.refunds_refused + 1 };
    default:
      return assertNever(event);
  }
}
