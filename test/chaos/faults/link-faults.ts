import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '#test-kit';
import { drawn, type Blow, type Deed, type Ground } from './blow.ts';
import type { PlannedFault } from '../plan/scenario.ts';

const delayMs = [60, 400] as const;
const flapMs = [400, 2_500] as const;

/** `east-west`: from the first to the second. */
const ends = ({ strikes }: PlannedFault): { readonly from: string; readonly to: string } => {
  const [from, to] = strikes.split('-') as [string, string];
  return { from, to };
};

const healing = ({ system: { control } }: Ground, fault: PlannedFault): Pick<Blow, 'heal'> => ({ heal: () => control.heal(ends(fault)) });

const cut =
  (how: 'silent' | 'reset', direction: 'both' | 'one-way'): Deed =>
  (ground, fault) => ({ begin: () => ground.system.control.cut({ ...ends(fault), direction, how }), ...healing(ground, fault) });

export const cutSilently = cut('silent', 'both');
export const cutWithReset = cut('reset', 'both');
export const cutOneWay = cut('silent', 'one-way');

export const delayLink: Deed = (ground, fault) => ({
  begin: () => ground.system.control.delay({ ...ends(fault), ms: drawn(fault.chance, ...delayMs) }),
  ...healing(ground, fault),
});

/** Cut and healed again and again, each time for as long as the seed says: silently and with reset in turn. */
export const flapLink: Deed = ({ system: { control } }, fault) => {
  const over = new AbortController();
  const random = seededRandom(Math.floor(fault.chance * 2 ** 32));
  let flapping: Promise<void> = Promise.resolve();
  const flap = async (): Promise<void> => {
    for (let count = 0; !over.signal.aborted; count++) {
      if (count % 2 === 0) await control.cut({ ...ends(fault), direction: 'both', how: count % 4 === 0 ? 'silent' : 'reset' });
      else await control.heal(ends(fault));
      await delay(drawn(random.next(), ...flapMs), undefined, { signal: over.signal }).catch(() => undefined); // the heal ends the wait
    }
  };
  return {
    begin: () => {
      flapping = flap();
      flapping.catch(() => over.abort()); // the heal tells
      return Promise.resolve();
    },
    heal: async () => {
      over.abort();
      try {
        await flapping;
      } finally {
        await control.heal(ends(fault));
      }
    },
  };
};

/** A region and all others, the witness too, hear nothing of each other. */
export const isolateRegion: Deed = ({ system: { control } }, { strikes }) => ({
  begin: () => control.cut({ from: strikes, direction: 'both', how: 'silent' }),
  heal: () => control.heal({ from: strikes }),
});
