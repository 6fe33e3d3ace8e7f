import { BrokerConnectionError } from './broker-connection.ts';
import { KafkaResponseError } from './kafka-protocol.ts';

/**
 * The questions of one process share one session, kept from one to the next: a connection costs the broker, and whoever asks, more
 * than the question. It runs no timer.
 *
 * On any doubt the session is dropped, and the next question opens another. A question that lost a kept connection is asked once more:
 * it was perhaps dead before anybody asked, as after the broker's restart. One that was not answered in time is not: it would take as
 * long again. So a question must be one that may be asked twice.
 */
export class KeptSession<Session extends { end(): void }> {
  readonly #open: () => Session;
  #session: Session | undefined;
  #closed = false;

  constructor(open: () => Session) {
    this.#open = open;
  }

  /** @throws BrokerConnectionError: no answer; KafkaResponseError: the broker's */
  async ask<Answer>(question: (session: Session) => Promise<Answer>): Promise<Answer> {
    for (let isKept = this.#session !== undefined; ; isKept = false) {
      if (this.#closed) throw new BrokerConnectionError('the cluster is closed');
      const session = (this.#session ??= this.#open());
      try {
        return await question(session);
      } catch (error) {
        if (error instanceof KafkaResponseError) throw error; // it was received and answered: there is no doubt about the connection
        this.#drop(session);
        if (!isKept || !(error instanceof BrokerConnectionError) || error.timedOut) throw error;
      }
    }
  }

  /** Questions under way are rejected. */
  close(): void {
    this.#closed = true;
    if (this.#session !== undefined) this.#drop(this.#session);
  }

  /** Others who share it may have opened another one since. */
  #drop(session: Session): void {
    session.end();
    if (this.#session === session) this.#session = undefined;
  }
}
