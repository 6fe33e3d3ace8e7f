import type { LinksStatus } from '#embedded-runtime';

/** Bytes that have crossed, both ways, by what they serve: `kafka` (the mirrors), `services` (forwarded requests), `etcd`. */
export interface LinkBytes {
  readonly kafka: number;
  readonly services: number;
  readonly etcd: number;
}

/** From the names that the runtime gives its links: `east->west kafka`, `east->west order 2`, `etcd west`. Pure. */
export function linkBytes({ listeners }: Pick<LinksStatus, 'listeners'>): LinkBytes {
  const sums = { kafka: 0, services: 0, etcd: 0 };
  for (const { name, outwardBytes, backBytes } of listeners) sums[useOf(name)] += outwardBytes + backBytes;
  return sums;
}

function useOf(name: string): keyof LinkBytes {
  if (/(^| )etcd( |$)/.test(name)) return 'etcd';
  return name.endsWith(' kafka') ? 'kafka' : 'services';
}

export const linkBytesBetween = (before: LinkBytes, after: LinkBytes): LinkBytes => ({
  kafka: after.kafka - before.kafka,
  services: after.services - before.services,
  etcd: after.etcd - before.etcd,
});
