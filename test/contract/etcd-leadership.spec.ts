import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Region } from '#contracts';
import { EtcdLeadership } from '#regions';
import { eventually } from '#test-kit';
import { EtcdClient } from '../../libs/regions/src/etcd/etcd.client.ts';
import { sites, startEtcdCluster, type EtcdCluster } from './lineage.etcd-cluster.ts';

const [east, west, witness] = sites;
const deadlineMs = 3_000;
let cluster: EtcdCluster;
const clients = new Map<Region, EtcdClient>();

beforeAll(async () => {
  cluster = await startEtcdCluster();
  for (const site of sites) clients.set(site, new EtcdClient({ endpoints: [cluster.clientUrl(site)], deadlineMs }));
}, 60_000);

afterAll(async () => {
  for (const client of clients.values()) client.close();
  await cluster.close();
});

const idOf = (site: Region): string => BigInt(`0x${cluster.memberId(site)}`).toString();

const leader = (among: readonly Region[] = sites): Promise<Region> =>
  eventually(
    async () => {
      for (const site of among) {
        const { memberId, leaderId } = await clients.get(site)!.memberStatus();
        if (memberId === leaderId) return site;
      }
      throw new Error('nobody leads now');
    },
    { withinMs: 10_000 },
  );

async function ledBy(site: Region): Promise<void> {
  const now = await leader();
  if (now !== site) await clients.get(now)!.transferLeadership(idOf(site));
  expect(await leader()).toBe(site);
}

const leadershipOf = (site: Region) => new EtcdLeadership({ ownMember: cluster.clientUrl(site), regions: [east, west], deadlineMs });

it('the region whose member leads hands the lead to the witness, and then nobody has anything to do', async () => {
  for (const region of [east, west]) {
    await ledBy(region);
    const [own, other] = [leadershipOf(region), leadershipOf(region === east ? west : east)];
    expect(await other.witnessInstead()).toBeUndefined();
    expect(await own.witnessInstead()).toBe(idOf(witness));
    await own.leaveTo(idOf(witness));
    expect(await leader()).toBe(witness);
    expect(await own.witnessInstead()).toBeUndefined();
    own.close();
    other.close();
  }
});

it('where every member stands in a region, whoever leads goes on', async () => {
  await ledBy(east);
  const leadership = new EtcdLeadership({ ownMember: cluster.clientUrl(east), regions: [...sites], deadlineMs });
  expect(await leadership.witnessInstead()).toBeUndefined();
  leadership.close();
});

it('a witness that is away leaves the lead where it is, and says so', async () => {
  await ledBy(east);
  await cluster.kill(witness);
  const leadership = leadershipOf(east);
  await expect(leadership.leaveTo(idOf(witness))).rejects.toThrow('transfer-leadership');
  expect([east, west]).toContain(await leader([east, west]));
  leadership.close();
  await cluster.restart(witness);
});
