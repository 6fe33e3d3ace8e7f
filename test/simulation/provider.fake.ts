import { assert, assertNever } from '#kernel';
import type { PaymentCommand } from '#contracts';
import type { ProviderCall } from '../../apps/payment-service/src/domain/intents.ts';
import type { SeededRandom } from './seeded.random.ts';

interface Account {
  authorizedMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  voided: boolean;
}

/** A payment provider as it should be: idempotent by key, and strict, so that it notices what our side must never ask. */
export class FakeProvider {
  readonly accounts = new Map<string, Account>();
  readonly #answers = new Map<string, (now: string) => PaymentCommand>();
  readonly #random: SeededRandom;
  readonly #declines: number;

  constructor(random: SeededRandom, declines: number) {
    this.#random = random;
    this.#declines = declines;
  }

  call(call: ProviderCall, now: string): PaymentCommand {
    const answer = this.#answers.get(call.idempotencyKey) ?? this.#carryOut(call);
    this.#answers.set(call.idempotencyKey, answer);
    return answer(now);
  }

  #carryOut(call: ProviderCall): (now: string) => PaymentCommand {
    const { orderId } = call;
    if (call.kind === 'authorize') {
      if (this.#random.chance(this.#declines)) return (now) => ({ type: 'RecordDeclined', orderId, reason: 'declined', now });
      this.accounts.set(orderId, { authorizedMinor: call.amountMinor, capturedMinor: 0, refundedMinor: 0, voided: false });
      return (now) => ({ type: 'RecordAuthorized', orderId, authorizationId: `auth:${orderId}`, now });
    }
    const account = this.accounts.get(orderId);
    assert(account !== undefined, `the provider was never asked to authorize ${orderId}`);
    assert(!account.voided, `${call.kind} after the void of ${orderId}`);
    switch (call.kind) {
      case 'void':
        assert(account.capturedMinor === 0, `void of the captured payment of ${orderId}`);
        account.voided = true;
        return (now) => ({ type: 'RecordVoided', orderId, now });
      case 'capture': {
        const { captureId } = call;
        account.capturedMinor += call.amountMinor;
        assert(account.capturedMinor <= account.authorizedMinor, `captures of ${orderId} exceed its authorization`);
        return (now) => ({ type: 'RecordCaptured', orderId, captureId, now });
      }
      case 'refund': {
        const { refundId } = call;
        account.refundedMinor += call.amountMinor;
        assert(account.refundedMinor <= account.capturedMinor, `refunds of ${orderId} exceed its captures`);
        return (now) => ({ type: 'RecordRefunded', orderId, refundId, now });
      }
      default:
        return assertNever(call);
    }
  }
}
