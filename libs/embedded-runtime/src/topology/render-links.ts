import type { Region } from '#contracts';
import { etcdMemberId } from '../links/etcd-dialer.ts';
import type { LinkSpec } from '../links/links.ts';
import { etcdClusterToken, etcdPeerUrl } from '../programs/etcd.program.ts';
import { instancePort, instancesOf, kafkaLinkPort, linkPort, type Place, type System } from './system.ts';

/** All that crosses between regions or to the witness: the mirrors' Kafka connections, forwarded HTTP, etcd's peers, and its clients whose own member is of no use. */
export function renderLinks(system: System, etcdPids: () => ReadonlyMap<number, Region>): readonly LinkSpec[] {
  const pairs = system.regions.flatMap((from) => system.regions.filter((to) => to !== from).map((to) => [from, to] as const));
  return [
    ...pairs.flatMap(([from, to]) => linksBetween(system, from, to)),
    ...etcdMembers(system).map((member) => etcdLink(system, member, etcdPids)),
  ];
}

export const etcdMembers = (system: System): readonly Place[] => [...system.regions, system.witness];

function linksBetween(system: System, from: Place, to: Place): readonly LinkSpec[] {
  const link = (what: string, port: number): LinkSpec => ({
    kind: 'tcp',
    name: `${from.name}->${to.name} ${what}`,
    from: from.name,
    to: to.name,
    listen: { host: from.address, port: linkPort(system, from, to, port) },
    target: { host: to.address, port },
  });
  const services = (['order', 'inventory', 'payment'] as const).flatMap((service) =>
    instancesOf(system).map((instance) =>
      link(instance === 1 ? service : `${service} ${instance}`, instancePort(system.ports[service], instance)),
    ),
  );
  return [link('kafka', kafkaLinkPort(system, to, from)), link('etcd', system.ports.etcdClient), ...services];
}

function etcdLink(system: System, member: Place, etcdPids: () => ReadonlyMap<number, Region>): LinkSpec {
  const others = etcdMembers(system).filter(({ name }) => name !== member.name);
  return {
    kind: 'etcd-peer',
    name: `etcd ${member.name}`,
    to: member.name,
    listen: { host: member.address, port: system.ports.etcdPeerLink },
    target: { host: member.address, port: system.ports.etcdPeer },
    dialers: new Map(others.map((other) => [etcdMemberId([etcdPeerUrl(system, other)], etcdClusterToken), other.name])),
    dialerPids: etcdPids,
  };
}
