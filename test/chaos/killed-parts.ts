import type { WholeSystem } from '#test-kit';

/** One of each kind of part, in both regions. */
export const killedParts = [
  'east.order-service',
  'west.inventory-service',
  'payment-sandbox',
  'west.mirror-maker',
  'east.postgres',
  'west.kafka',
] as const;

/** How often the runtime has started it again. @throws Error when there is no such part */
export async function restartsOf(system: WholeSystem, part: string): Promise<number> {
  const found = (await system.status()).parts.find(({ name }) => name === part);
  if (found === undefined) throw new Error(`there is no part ${part}`);
  return found.restarts;
}
