import type { Region } from '#contracts';
import { mayDropMirror } from '#regions';
import type { FaultKind, ScheduledFault } from '../run/faults.ts';
import type { MirrorMaker } from './mirror-maker.ts';
import { slots, type RegionParts, type Slot } from './region-parts.ts';
import type { World } from './world.ts';

/** Undoes it, when its time is over or all is healed; undefined: there is nothing to undo. */
export type Heal = (() => void) | undefined;
export type Strike =
  | { readonly struck: true; readonly heal: Heal; readonly steps: number }
  /** There was nothing that it could strike now. */
  | { readonly struck: false };

interface Blow {
  readonly world: World;
  readonly region: Region;
  readonly parts: RegionParts;
  readonly others: readonly Region[];
  /** The next part of the fault's argument, a whole number below the bound; 20 bits are enough for all of them. */
  readonly part: (bound: number) => number;
}

const missed: Strike = { struck: false };
const once: Strike = { struck: true, heal: undefined, steps: 0 };
const lasting = (steps: number, heal: () => void): Strike => ({ struck: true, heal, steps });

/** Lets the fault strike now. What it strikes and for how long follows from the fault alone, and from what is there. */
export function strike(world: World, { fault, region, argument }: ScheduledFault): Strike {
  const parts = world.part(region);
  if (parts.isGone) return missed;
  const others = world.regions.filter((other) => other !== region);
  let left = argument;
  const part = (bound: number): number => {
    const taken = left % bound;
    left = Math.floor(left / bound);
    return taken;
  };
  return strikes[fault]({ world, region, parts, others, part });
}

const strikes: Readonly<Record<FaultKind, (blow: Blow) => Strike>> = {
  'mirror-lag': (blow) => mirrorIs(blow, 'isSlow', 150),
  'mirror-stop': (blow) => mirrorIs(blow, 'isStopped', 180),
  'mirror-rewind': (blow) => {
    mirrorOf(blow).rewind(1 + blow.part(60));
    return once;
  },
  'mirror-loss': (blow) => {
    if (!mirrorOf(blow).skip(blow.part(60), 1 + blow.part(3))) return missed;
    blow.world.hasLostData = true;
    return once;
  },
  'mirror-recreate': (blow) => {
    const mirror = mirrorOf(blow);
    if (!mayDropMirror(blow.world.etcd.stored.lineage, mirror.here, mirror.origin).allowed) return missed;
    mirror.recreate();
    return once;
  },
  'process-crash': ({ world, parts, part }) => {
    const process = parts.in(slots[part(slots.length)] as Slot);
    if (process?.isRunning !== true) return missed;
    process.die(world.timers.nowMs);
    return once;
  },
  'process-pause': ({ world, parts, part }) => {
    const process = parts.in(slots[part(slots.length)] as Slot);
    if (process?.isRunning !== true) return missed;
    process.pause(world.timers.nowMs);
    return lasting(5 + part(120), () => process.goOn());
  },
  'region-loss': ({ world, parts, part }) => {
    if (parts.isLost) return missed;
    parts.lose(world.timers.nowMs);
    return lasting(40 + part(160), () => parts.comeBack());
  },
  'link-cut': (blow) => {
    const other = blow.others[blow.part(blow.others.length)]!;
    return cut(blow, [`${blow.region}>${other}`, `${other}>${blow.region}`]);
  },
  'link-cut-one-way': (blow) => cut(blow, [`${blow.region}>${blow.others[blow.part(blow.others.length)]!}`]),
  'etcd-no-quorum': ({ world: { etcd }, part }) => {
    if (!etcd.hasQuorum) return missed;
    etcd.hasQuorum = false;
    return lasting(5 + part(80), () => (etcd.hasQuorum = true));
  },
  'etcd-cut': ({ world: { etcd }, region, part }) => {
    if (etcd.cutOff.has(region)) return missed;
    etcd.cutOff.add(region);
    return lasting(5 + part(120), () => etcd.cutOff.delete(region));
  },
  'swap-answer-lost': ({ world, part }) => chance(world.etcd.troubles, 'answerLost', 0.7, 10 + part(60)),
  'swap-late': ({ world, part }) => chance(world.etcd.troubles, 'late', 0.7, 10 + part(60)),
  'append-doubt': ({ parts, part }) => chance(parts.kafka.troubles, 'doubt', 0.4, 5 + part(50)),
  'append-late': ({ parts, part }) => chance(parts.kafka.troubles, 'late', 0.25, 5 + part(50)),
  'answers-lost': ({ world, part }) => chance(world, 'answersLost', 0.5, 10 + part(60)),
  'provider-timeout': ({ world, part }) => chance(world.provider.troubles, 'timeout', 0.6, 20 + part(100)),
  'provider-charge-then-fail': ({ world, part }) => chance(world.provider.troubles, 'chargesThenFails', 0.6, 20 + part(100)),
  'topic-skew': ({ parts, part }) => {
    const process = parts.in(slots[part(slots.length)] as Slot);
    if (process === undefined || process.isDead || !('client' in process)) return missed;
    const { client } = process;
    const topics = [...parts.kafka.topics.keys()].filter((topic) => /events$|receipts$|lineage$/.test(topic));
    client.slowTopic = topics[part(topics.length)];
    return lasting(10 + part(80), () => (client.slowTopic = undefined));
  },
  'postgres-wiped': ({ world, parts }) => {
    parts.postgres.wipe();
    parts.worker?.die(world.timers.nowMs);
    return once;
  },
  'wish-evacuate': ({ world: { etcd }, region, part }) => {
    const { evacuated } = etcd.wishes;
    if (evacuated.includes(region)) return missed;
    etcd.wishes = { evacuated: [...evacuated, region] };
    return lasting(80 + part(150), () => (etcd.wishes = { evacuated: etcd.wishes.evacuated.filter((each) => each !== region) }));
  },
};

const mirrorOf = ({ world, region, others, part }: Blow): MirrorMaker =>
  world.mirrors.filter(({ here }) => here === region)[part(others.length)]!;

function mirrorIs(blow: Blow, state: 'isSlow' | 'isStopped', stepsMax: number): Strike {
  const mirror = mirrorOf(blow);
  if (mirror[state]) return missed;
  mirror[state] = true;
  return lasting(10 + blow.part(stepsMax), () => (mirror[state] = false));
}

function cut({ world: { cutDials }, part }: Blow, dials: readonly string[]): Strike {
  const whole = dials.filter((dial) => !cutDials.has(dial));
  if (whole.length === 0) return missed;
  for (const dial of whole) cutDials.add(dial);
  return lasting(10 + part(180), () => whole.forEach((dial) => cutDials.delete(dial)));
}

function chance<Key extends string>(troubles: Record<Key, number>, key: Key, value: number, steps: number): Strike {
  if (troubles[key] > 0) return missed;
  troubles[key] = value;
  return lasting(steps, () => (troubles[key] = 0));
}
