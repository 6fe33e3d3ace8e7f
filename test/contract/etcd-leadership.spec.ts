import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Region } from '#contracts';
import { EtcdLeadership } from '#regions';
import { eventually } from '#test-kit';
import { sites, startEtcdCluster, type EtcdCluster } from './lineage.etcd-cluster.ts';

const [east, west, witness] = sites;
const deadlineMs = 3_000;
let cluster: EtcdCluster;
const statusSchema = z.object({ header: z.object({ member_id: z.string() }), leader: z.string().default('0') });

beforeAll(async () => {
  cluster = await startEtcdCluster();
}, 60_000);

afterAll(() => cluster.close());

/** etcd's own answer, past what is tested. */
async function ask(site: Region, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${cluster.clientUrl(site)}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (!response.ok) throw new Error(`${site} ${path}: ${await response.text()}`);
  return response.json();
}

const idOf = (site: Region): string => BigInt(`0x${cluster.memberId(site)}`).toString();

const leader = (among: readonly Region[] = sites): Promise<Region> =>
  eventually(
    async () => {
      for (const site of among) {
        const { header, leader: known } = statusSchema.parse(await ask(site, '/v3/maintenance/status', {}));
        if (header.member_id === known) return site;
      }
      throw new Error('nobody leads now');
    },
    { withinMs: 45_000 },
  );

const ledBy = (site: Region): Promise<true> =>
  eventually(
    async () => {
      const now = await leader();
      if (now !== site) await ask(now, '/v3/maintenance/transfer-leadership', { targetID: idOf(site) });
      return now === site;
    },
    { withinMs: 45_000 },
  );

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
