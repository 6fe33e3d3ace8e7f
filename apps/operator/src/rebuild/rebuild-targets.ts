import type { RebuildAnswer } from '#contracts';

export interface RebuildTarget {
  readonly part: string;
  readonly url: string;
  readonly answer: Pick<RebuildAnswer, 'projector' | 'projections'>;
}

/** The projectors that keep the projection, by its own name or its projector's; all of them when none is named. @throws Error that names what there is */
export function wantedAmong(known: readonly RebuildTarget[], name: string | undefined): readonly RebuildTarget[] {
  if (name === undefined) return known;
  const wanted = known.filter(({ answer }) => answer.projector === name || answer.projections.includes(name));
  if (wanted.length > 0) return wanted;
  const names = known.flatMap(({ answer }) => [answer.projector, ...answer.projections]);
  throw new Error(`no projection ${name}; there are ${names.join(', ')}`);
}
