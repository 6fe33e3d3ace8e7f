import type { How } from '../plan/fault-kinds.ts';
import type { Deed } from './blow.ts';
import { shiftClocks } from './clock-faults.ts';
import { dropMirror, repeatMirror, wipePostgres } from './data-faults.ts';
import { fillDisk } from './disk-faults.ts';
import { cutOneWay, cutSilently, cutWithReset, delayLink, flapLink, isolateRegion } from './link-faults.ts';
import { killPart, killRegion, pausePart, pauseRegion, rollingRestart } from './part-faults.ts';
import { poisonRecord } from './poison-faults.ts';

export const deeds: Readonly<Record<How, Deed>> = {
  'kill-part': killPart,
  'pause-part': pausePart,
  'kill-region': killRegion,
  'pause-region': pauseRegion,
  'cut-link-silently': cutSilently,
  'cut-link-with-reset': cutWithReset,
  'cut-link-one-way': cutOneWay,
  'delay-link': delayLink,
  'flap-link': flapLink,
  'isolate-region': isolateRegion,
  'fill-disk': fillDisk,
  'wipe-postgres': wipePostgres,
  'repeat-mirror': repeatMirror,
  'drop-mirror': dropMirror,
  'poison-record': poisonRecord,
  'shift-clocks': shiftClocks,
  'rolling-restart': rollingRestart,
};
