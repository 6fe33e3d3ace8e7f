import type { Logger } from 'pino';
import type { EtcdLeadership } from '#regions';
import { pause, repeat, type Repeating } from '../repeat.ts';

const everyMs = 5_000;
/** A witness that is away costs half a second without writes per try. */
const afterFailureMs = 60_000;

/** Looks from time to time whether this region's member leads etcd, and hands the lead to the witness. Every instance does: twice is harmless. */
export function keepEtcdLedOutside(leadership: Pick<EtcdLeadership, 'leaveToWitness'>, log: Logger): Repeating {
  return repeat(
    everyMs,
    async (signal) => {
      try {
        if (await leadership.leaveToWitness()) log.info('this region led etcd: the witness does now');
      } catch (error) {
        log.warn({ err: error }, 'the lead of etcd was not handed to the witness');
        await pause(afterFailureMs, signal);
      }
    },
    (error) => log.error({ err: error }, 'the lead of etcd is not looked after'),
  );
}
