import { createHash } from 'node:crypto';
import type { ProjectorDefinition } from './projection.port.ts';

/** Changes with every projection's name, version and columns: rows stored under another fingerprint are rebuilt. */
export function fingerprintOf<Event extends { readonly type: string }, State>(definition: ProjectorDefinition<Event, State>): string {
  const described = definition.projections.map(({ name, version, tables }) => ({ name, version, tables }));
  return createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 16);
}

export const stateVersionOf = <Event extends { readonly type: string }, State>(definition: ProjectorDefinition<Event, State>): number =>
  definition.streams?.stateVersion ?? 0;
