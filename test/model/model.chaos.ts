import type { Region } from '#contracts';
import type { ModelAgent } from './model.agent.ts';
import type { ModelWorld } from './model.world.ts';

/**
 * One random thing that may happen at any time. Faults are rare and heal, and now and then everything goes on for a few rounds, so
 * that the procedures get far before the next fault meets them half-way.
 */
export function chaosStep(world: ModelWorld): void {
  const { random } = world;
  const region = random.pick(world.regions);
  const act = random.below(1000);
  if (act < 350) inRegion(world, region);
  else if (act < 650) agentStep(world, region);
  else if (act < 850) mirrorStep(world, region);
  else if (act < 930) observe(world, region);
  else if (act < 960) world.deliverLate();
  else if (act < 968) for (let rounds = random.below(8); rounds >= 0; rounds--) world.calmRound();
  else if (act < 975) world.evacuated = world.evacuated.length > 0 ? [] : [region];
  else if (act < 985) fault(world, region);
  else repair(world, region);
}

function fault(world: ModelWorld, region: Region): void {
  const { random } = world;
  const part = world.part(region);
  const kind = random.below(5);
  if (kind === 0) part.isLinked = false;
  else if (kind === 1) part.seesEtcd = false;
  else if (kind === 3) part.isDeaf = true;
  else if (kind === 2 && part.isUp) world.kill(region);
  else world.dropMirror(region, random.pick(world.regions.filter((other) => other !== region)));
}

function repair(world: ModelWorld, region: Region): void {
  const part = world.part(region);
  if (part.isGone) return;
  part.isLinked = true;
  part.isDeaf = false;
  part.seesEtcd = true;
  if (!part.isUp) world.start(region);
}

/** A service reads on a little, and writes. */
function inRegion(world: ModelWorld, region: Region): void {
  const { random } = world;
  const part = world.part(region);
  if (!part.isUp) return;
  const service = random.pick(part.services);
  if (random.chance(0.3)) service.reader.learn(random.chance(0.5) ? world.register.stored : random.pick(world.register.history));
  for (const origin of world.regions) {
    if (random.chance(0.6)) service.reader.readEvents(origin, random.below(6));
    if (random.chance(0.6)) service.reader.readReceipts(origin, random.below(6));
  }
  const shard = random.pick(world.shards);
  if (random.chance(0.05)) service.doubt(shard);
  const effect = service.write(shard);
  if (effect !== undefined) world.performInDoubt(region, effect);
}

function agentStep(world: ModelWorld, region: Region): void {
  const { random } = world;
  const part = world.part(region);
  if (!part.isUp) return;
  // The first agent leads mostly; the other is the standby, the zombie, or the one that has just taken the lead.
  const agent = part.agents[random.chance(0.8) ? 0 : 1]!;
  const next = agent.effects[0];
  if (next === undefined) return decide(world, region, agent);
  if (random.chance(0.03)) {
    agent.effects.length = 0; // it died in between, and its successor knows nothing
    return;
  }
  if (next.kind === 'swap' && !part.seesEtcd) return;
  agent.effects.shift();
  if (next.kind === 'swap') world.performInDoubt(region, next);
  else world.perform(region, next);
}

function decide(world: ModelWorld, region: Region, agent: ModelAgent): void {
  const { random } = world;
  if (!world.part(region).seesEtcd || random.chance(0.3)) {
    readSome(world, agent);
    agent.receipt();
    return;
  }
  agent.think(world.signals(region, false), () => readSome(world, agent));
}

/** Mostly to the end, as agents do; sometimes they are far behind. */
function readSome(world: ModelWorld, agent: ModelAgent): void {
  const { random } = world;
  if (random.chance(0.7)) return agent.reader.readAll();
  for (const origin of world.regions) {
    agent.reader.readEvents(origin, random.below(8));
    agent.reader.readReceipts(origin, random.below(8));
  }
}

function mirrorStep(world: ModelWorld, region: Region): void {
  const { random } = world;
  const { cluster, isLinked, isDeaf } = world.part(region);
  for (const origin of world.regions) {
    if (origin === region || !isLinked || isDeaf || !world.part(origin).isLinked) continue;
    for (const mirror of [cluster.events.get(origin)!, cluster.receipts.get(origin)!]) {
      if (random.chance(0.02)) mirror.rewind(random.below(30));
      mirror.pull(random.chance(0.3) ? Infinity : random.below(4));
    }
  }
}

/** What clients are shown; and now and then a reader that begins at offset 0, with whatever lineage it happens to know. */
function observe(world: ModelWorld, region: Region): void {
  const { random } = world;
  const part = world.part(region);
  const isNew = random.chance(0.1);
  const reader = isNew ? world.reader(region) : part.observer;
  if (random.chance(0.7)) reader.learn(random.chance(0.7) ? world.register.stored : random.pick(world.register.history));
  for (const origin of random.shuffled(world.regions)) {
    if (random.chance(0.5)) reader.readEvents(origin, random.chance(0.5) ? Infinity : random.below(20));
    reader.readReceipts(origin, random.chance(0.5) ? Infinity : random.below(20));
    if (random.chance(0.5)) reader.readEvents(origin, random.chance(0.5) ? Infinity : random.below(20));
  }
}
