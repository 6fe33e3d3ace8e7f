import type { Logger } from 'pino';
import type { EtcdLeadership } from '#regions';
import { pause, repeat, type Repeating } from '../repeat.ts';

const everyMs = 5_000;
/** A transfer to a witness that is away costs an election's time without writes. */
const afterFailureMs = 60_000;

/** Looks from time to time whether this region's member leads etcd, and hands the lead to the witness. Every instance does: twice is harmless. */
export function keepEtcdLedOutside(leadership: Pick<EtcdLeadership, 'witnessInstead' | 'leaveTo' | 'close'>, log: Logger): Repeating {
  const looking = repeat(
    everyMs,
    async (signal) => {
      const witness = await leadership.witnessInstead();
      if (witness === undefined) return;
      try {
        await leadership.leaveTo(witness);
        log.info('this region led etcd: the witness does now');
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'the lead of etcd was not handed to the witness');
        await pause(afterFailureMs, signal);
      }
    },
    (error) => log.warn({ err: error }, 'it is not known who leads etcd'),
  );
  return {
    stop: async () => {
      const stopped = looking.stop();
      leadership.close();
      await stopped;
    },
  };
}
