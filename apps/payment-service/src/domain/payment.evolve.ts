import { assertNever } from '#kernel';
import type { PaymentEvent } from '#contracts';
import type { Movement, PaymentState } from './payment.state.ts';

export function evolvePayment(state: PaymentState, event: PaymentEvent): PaymentState {
  switch (event.type) {
    case 'PaymentAuthorizationRequested': {
      const { orderId, customerId, amountMinor, currency } = event;
      return { status: 'authorizing', terms: { orderId, customerId, amountMinor, currency }, voidRequested: false };
    }
    case 'PaymentAuthorized': {
      if (state.status !== 'authorizing') return state;
      const { terms, voidRequested } = state;
      const { authorizationId } = event;
      if (voidRequested) return { status: 'voiding', terms, authorizationId };
      return { status: 'authorized', terms, authorizationId, captures: [], refunds: [] };
    }
    case 'PaymentDeclined':
      return state.status === 'authorizing' ? { status: 'declined', terms: state.terms, reason: event.reason } : state;
    case 'PaymentVoidRequested':
      if (state.status === 'authorizing') return { ...state, voidRequested: true };
      if (state.status !== 'authorized') return state;
      return { status: 'voiding', terms: state.terms, authorizationId: state.authorizationId };
    case 'PaymentVoided':
      return state.status === 'voiding' ? { ...state, status: 'voided' } : state;
    case 'PaymentCaptureRequested':
    case 'PaymentCaptured':
    case 'PaymentCaptureRefused':
    case 'PaymentRefundRequested':
    case 'PaymentRefunded':
    case 'PaymentRefundRefused':
      return evolveMovements(state, event);
    default:
      return assertNever(event);
  }
}

type MovementEvent = Extract<PaymentEvent, { type: `PaymentCapture${string}` | `PaymentRefund${string}` }>;

function evolveMovements(state: PaymentState, event: MovementEvent): PaymentState {
  if (state.status !== 'authorized') return state;
  const { captures, refunds } = state;
  switch (event.type) {
    case 'PaymentCaptureRequested':
      return { ...state, captures: [...captures, { id: event.captureId, amountMinor: event.amountMinor, outcome: 'outstanding' }] };
    case 'PaymentCaptured':
      return { ...state, captures: answered(captures, event.captureId, 'done') };
    case 'PaymentCaptureRefused':
      return { ...state, captures: answered(captures, event.captureId, 'refused') };
    case 'PaymentRefundRequested':
      return { ...state, refunds: [...refunds, { id: event.refundId, amountMinor: event.amountMinor, outcome: 'outstanding' }] };
    case 'PaymentRefunded':
      return { ...state, refunds: answered(refunds, event.refundId, 'done') };
    case 'PaymentRefundRefused':
      return { ...state, refunds: answered(refunds, event.refundId, 'refused') };
    default:
      return assertNever(event);
  }
}

const answered = (movements: readonly Movement[], id: string, outcome: Movement['outcome']): readonly Movement[] =>
  movements.map((movement) => (movement.id === id ? { ...movement, outcome } : movement));
