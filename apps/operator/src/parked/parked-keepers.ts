import type { PartStatus } from '#embedded-runtime';

export type Keeper = PartStatus & { readonly url: string };

const keepers = /^[^.]+\.(order|inventory|payment)-(projector|service)(-\d+)?$/;

/**
 * The parts that answer `/internal/parked`: the projectors, and the services' mains for their process managers. Instances of one main
 * share what they have parked: the first one that is ready speaks for all.
 */
export function parkedKeepersAmong(parts: readonly PartStatus[]): readonly Keeper[] {
  const found = new Map<string, Keeper>();
  for (const part of parts) {
    if (!keepers.test(part.name) || part.url === undefined || part.state === 'missing') continue;
    const name = part.name.replace(/-\d+$/, '');
    const known = found.get(name);
    if (known === undefined || (known.state !== 'ready' && part.state === 'ready')) found.set(name, { ...part, name, url: part.url });
  }
  return [...found.values()];
}
