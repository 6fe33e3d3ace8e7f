import type { SeededRandom } from '#test-kit';
import type { ProviderCall } from '../../../apps/payment-service/src/domain/intents.ts';
import {
  ProviderUnknownError,
  type PaymentProvider,
  type ProviderOutcome,
} from '../../../apps/payment-service/src/provider/payment-provider.port.ts';

/** What the provider did for one order, as its own books say. */
export interface ProviderAccount {
  authorizations: number;
  authorizedMinor: number;
  voided: boolean;
  charges: number;
  capturedMinor: number;
  refundedMinor: number;
}

/** What is wrong with it: chances from 0 to 1. */
export interface ProviderTroubles {
  /** Nobody learns what became of the call; it may have been carried out. */
  timeout: number;
  /** It is carried out, and answered by an error. */
  chargesThenFails: number;
}

/**
 * A payment provider as it should be: idempotent by key, strict, with books that are read at the end. What our side must never ask is noted
 * as a flaw.
 */
export class WorldProvider implements PaymentProvider {
  readonly accounts = new Map<string, ProviderAccount>();
  readonly troubles: ProviderTroubles = { timeout: 0, chargesThenFails: 0 };
  readonly #answers = new Map<string, ProviderOutcome>();
  readonly #random: SeededRandom;
  readonly #declines: number;
  readonly #onFlaw: (what: string) => void;
  /** Voided before it was authorized. */
  readonly #voidedFirst = new Set<string>();
  calls = 0;

  /** For the trace: each call, and what our side hears of it. */
  onCall: (call: ProviderCall, heard: string) => void = () => undefined;

  constructor(random: SeededRandom, declines: number, onFlaw: (what: string) => void) {
    this.#random = random;
    this.#declines = declines;
    this.#onFlaw = onFlaw;
  }

  authorize = (call: ProviderCall): Promise<ProviderOutcome> => this.#call(call);
  capture = (call: ProviderCall): Promise<ProviderOutcome> => this.#call(call);
  void = (call: ProviderCall): Promise<ProviderOutcome> => this.#call(call);
  refund = (call: ProviderCall): Promise<ProviderOutcome> => this.#call(call);

  /** Carries the call out, once per key, and answers as it answered the first time. */
  ask(call: ProviderCall): ProviderOutcome {
    this.calls += 1;
    const before = this.#answers.get(call.idempotencyKey);
    if (before !== undefined) return before;
    const answer = this.#carryOut(call);
    this.#answers.set(call.idempotencyKey, answer);
    return answer;
  }

  async #call(call: ProviderCall): Promise<ProviderOutcome> {
    const { timeout, chargesThenFails } = this.troubles;
    const fate = timeout + chargesThenFails > 0 ? this.#random.next() : 1;
    const isLost = fate < timeout && this.#random.chance(0.5);
    const answer = isLost ? undefined : this.ask(call);
    const isHeard = fate >= timeout + chargesThenFails;
    this.onCall(call, isHeard ? answer!.outcome : 'unknown');
    if (answer === undefined || !isHeard) throw new ProviderUnknownError(isLost ? 'no answer in time' : '500 after it was carried out');
    return answer;
  }

  #carryOut(call: ProviderCall): ProviderOutcome {
    const { orderId } = call;
    const account = this.accounts.get(orderId);
    const approved = (providerId: string): ProviderOutcome => ({ outcome: 'approved', providerId });
    switch (call.kind) {
      case 'authorize': {
        if (this.#voidedFirst.has(orderId) || this.#random.chance(this.#declines)) return { outcome: 'declined', reason: 'declined' };
        const { authorizations, authorizedMinor } = account ?? { authorizations: 0, authorizedMinor: 0 };
        const opened = { authorizations: authorizations + 1, authorizedMinor: authorizedMinor + call.amountMinor };
        this.accounts.set(orderId, { charges: 0, capturedMinor: 0, refundedMinor: 0, voided: false, ...account, ...opened });
        return approved(`auth:${orderId}`);
      }
      case 'void':
        if (account === undefined) this.#voidedFirst.add(orderId);
        else if (account.capturedMinor > 0) this.#onFlaw(`${orderId} is voided, and was captured before`);
        else account.voided = true;
        return approved(`void:${orderId}`);
      case 'capture':
        if (account === undefined || account.voided) {
          this.#onFlaw(`${orderId} is captured, and ${account === undefined ? 'was never authorized' : 'was voided before'}`);
          return { outcome: 'declined', reason: 'no authorization' };
        }
        account.charges += 1;
        account.capturedMinor += call.amountMinor;
        if (account.capturedMinor > account.authorizedMinor) this.#onFlaw(`${orderId}: captures exceed its authorization`);
        return approved(call.captureId);
      default:
        if (account === undefined || account.refundedMinor + call.amountMinor > account.capturedMinor) {
          this.#onFlaw(`${orderId}: refunds exceed its captures`);
          return { outcome: 'declined', reason: 'nothing to refund' };
        }
        account.refundedMinor += call.amountMinor;
        return approved(call.refundId);
    }
  }
}
