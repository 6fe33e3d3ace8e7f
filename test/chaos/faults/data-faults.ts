import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mirroredTopics, topicIn, type Region } from '#contracts';
import { runtimeHome } from '#embedded-runtime';
import { eventually } from '#test-kit';
import { seesStatus } from '../region.watch.ts';
import { otherRegion, partNamed, regionOf, type Deed } from './blow.ts';
import { deleteTopics } from './kafka-topics.ts';

const soonMs = 120_000;

export const wipePostgres: Deed = ({ system }, { strikes }) => ({
  begin: async () => {
    await system.control.act(strikes, 'hold');
    await rm(join(runtimeHome(system.home).data, strikes), { recursive: true, force: true, maxRetries: 5 });
  },
  heal: () => system.control.act(strikes, 'start'),
});

/** Where MirrorMaker keeps how far it has read another region. */
const positionsOf = (source: Region): string => `mm2-offsets.${source}.internal`;

/** MirrorMaker forgets how far it was, and mirrors everything once more into the same topics. */
export const repeatMirror: Deed = (ground, { strikes }) => {
  const region = regionOf(ground, strikes.split('.')[0]!);
  const { control } = ground.system;
  return {
    begin: async () => {
      await control.act(strikes, 'hold');
      await deleteTopics(ground, region, [positionsOf(otherRegion(ground, region))]);
    },
    heal: () => control.act(strikes, 'start'),
  };
};

/**
 * The mirrors of a lost region are dropped before it returns, and made anew from the first record: what may be done while the other region
 * is `solo`, and only then.
 */
export const dropMirror: Deed = (ground, { strikes }) => {
  const [lost, { control }] = [regionOf(ground, strikes), ground.system];
  const survivor = otherRegion(ground, lost);
  return {
    begin: async () => {
      await control.actOnRegion(lost, 'kill');
      await seesStatus(ground.system, survivor, `solo(${survivor})`);
    },
    heal: async () => {
      await control.act(`${lost}.kafka`, 'start');
      await eventually(async () => (await partNamed(ground, `${lost}.kafka`)).state === 'ready', { withinMs: soonMs, everyMs: 200 });
      await deleteTopics(ground, lost, [...mirroredTopics.map((topic) => topicIn(lost, survivor, topic)), positionsOf(survivor)]);
      await control.actOnRegion(lost, 'start');
    },
  };
};
