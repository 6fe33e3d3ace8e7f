import { assertNever } from '#kernel';
import type { Operation, OperationAnswer } from './operations.ts';

/**
 * What the sandbox believes about every card: pure, folded from the journal.
 *
 * It is deliberately as gullible as a real provider: a second authorization or capture of one payment under a new key is carried
 * out and counted, so that `authorizations` and `charges` prove whether its merchant charged twice.
 */
export interface PaymentAccount {
  readonly reference: string;
  readonly customerId: string;
  readonly currency: string;
  readonly authorizations: number;
  readonly authorizedMinor: number;
  readonly voided: boolean;
  /** Distinct captures that were approved, each under its own key. */
  readonly charges: number;
  readonly capturedMinor: number;
  readonly refunds: number;
  readonly refundedMinor: number;
  readonly declines: number;
}

export interface LedgerSummary {
  readonly payments: number;
  readonly authorizedMinor: number;
  readonly charges: number;
  readonly capturedMinor: number;
  readonly refunds: number;
  readonly refundedMinor: number;
  readonly declines: number;
  readonly voided: number;
  /** Payments with more than one authorization: a merchant that keeps its keys has none. */
  readonly authorizedTwice: number;
}

/** A customer id that ends so is always declined; amounts never decide, because replayed real orders have any amount. */
export const decliningCustomerSuffix = '-declined';

export class Ledger {
  readonly #accounts = new Map<string, PaymentAccount>();

  /** The answer that the accounts give to an operation. `id` names it when it is approved. Changes nothing. */
  decide(operation: Operation, id: string): OperationAnswer {
    const account = this.#accounts.get(operation.reference);
    const approved: OperationAnswer = { outcome: 'approved', id };
    const declined = (reason: string): OperationAnswer => ({ outcome: 'declined', reason });
    if (operation.kind === 'authorize') {
      if (operation.customerId.endsWith(decliningCustomerSuffix)) return declined('card-declined');
      return account?.voided === true ? declined('voided') : approved;
    }
    if (operation.kind === 'void') return account !== undefined && account.charges > 0 ? declined('already-captured') : approved;
    if (account === undefined || account.authorizations === 0) return declined('not-authorized');
    switch (operation.kind) {
      case 'capture': {
        if (account.voided) return declined('voided');
        if (operation.currency !== account.currency) return declined('other-currency');
        return account.capturedMinor + operation.amountMinor > account.authorizedMinor ? declined('exceeds-authorization') : approved;
      }
      case 'refund': {
        if (operation.currency !== account.currency) return declined('other-currency');
        return account.refundedMinor + operation.amountMinor > account.capturedMinor ? declined('exceeds-capture') : approved;
      }
      default:
        return assertNever(operation);
    }
  }

  /** Folds one journal entry. */
  apply(operation: Operation, answer: OperationAnswer): void {
    const known = this.#accounts.get(operation.reference);
    const account = known ?? emptyAccount(operation);
    if (account === undefined) return; // neither authorized nor voided: there is no card to speak of
    this.#accounts.set(operation.reference, folded(account, operation, answer));
  }

  account(reference: string): PaymentAccount | undefined {
    return this.#accounts.get(reference);
  }

  /** Accounts in the order in which they were first seen, which never changes: so an offset is a stable cursor. */
  page(offset: number, limit: number): readonly PaymentAccount[] {
    return [...this.#accounts.values()].slice(offset, offset + limit);
  }

  summary(): LedgerSummary {
    const accounts = [...this.#accounts.values()];
    const sum = (of: (account: PaymentAccount) => number): number => accounts.reduce((total, account) => total + of(account), 0);
    return {
      payments: accounts.length,
      authorizedMinor: sum((account) => account.authorizedMinor),
      charges: sum((account) => account.charges),
      capturedMinor: sum((account) => account.capturedMinor),
      refunds: sum((account) => account.refunds),
      refundedMinor: sum((account) => account.refundedMinor),
      declines: sum((account) => account.declines),
      voided: accounts.filter((account) => account.voided).length,
      authorizedTwice: accounts.filter((account) => account.authorizations > 1).length,
    };
  }
}

function emptyAccount(operation: Operation): PaymentAccount | undefined {
  if (operation.kind === 'capture' || operation.kind === 'refund') return undefined;
  // A void that overtakes its authorization leaves an account too, which declines the authorization when it comes.
  const { reference, customerId, currency } = operation.kind === 'void' ? { ...operation, customerId: '', currency: '' } : operation;
  const nothing = { authorizations: 0, authorizedMinor: 0, charges: 0, capturedMinor: 0, refunds: 0, refundedMinor: 0, declines: 0 };
  return { reference, customerId, currency, voided: false, ...nothing };
}

function folded(account: PaymentAccount, operation: Operation, answer: OperationAnswer): PaymentAccount {
  if (answer.outcome === 'declined') return { ...account, declines: account.declines + 1 };
  switch (operation.kind) {
    case 'authorize': {
      const authorizedMinor = account.authorizedMinor + operation.amountMinor;
      return { ...account, authorizations: account.authorizations + 1, authorizedMinor };
    }
    case 'capture':
      return { ...account, charges: account.charges + 1, capturedMinor: account.capturedMinor + operation.amountMinor };
    case 'void':
      return { ...account, voided: true };
    case 'refund':
      return { ...account, refunds: account.refunds + 1, refundedMinor: account.refundedMinor + operation.amountMinor };
    default:
      return assertNever(operation);
  }
}
