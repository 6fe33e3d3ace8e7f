import type { ChecksumsAnswer } from '#contracts';

export interface ProjectionComparison {
  readonly projection: string;
  /** By region; absent where the projector did not answer. */
  readonly regions: Readonly<Record<string, { readonly rows: number; readonly checksum: string }>>;
  /** `unknown` when a region did not answer, or has not read as far as the other. */
  readonly verdict: 'equal' | 'different' | 'unknown';
}

/** Compares the checksums of each projection over the regions: they must be equal once the regions have read equally far. */
export function compareRegions(answers: readonly ChecksumsAnswer[], regions: readonly string[]): readonly ProjectionComparison[] {
  const services = [...new Set(answers.map(({ service }) => service))].sort();
  return services.flatMap((service) => {
    const ofService = answers.filter((answer) => answer.service === service);
    const names = [...new Set(ofService.flatMap(({ projections }) => Object.keys(projections)))].sort();
    return names.map((name) => {
      const found = ofService.flatMap((answer) =>
        answer.projections[name] === undefined ? [] : [[answer.region, answer.projections[name]] as const],
      );
      return {
        projection: `${service}.${name}`,
        regions: Object.fromEntries(found),
        verdict: verdictOf(
          found.map(([, sum]) => sum.checksum),
          ofService,
          regions.length,
        ),
      };
    });
  });
}

function verdictOf(
  checksums: readonly string[],
  answers: readonly ChecksumsAnswer[],
  regionCount: number,
): ProjectionComparison['verdict'] {
  if (checksums.length < regionCount) return 'unknown';
  if (new Set(checksums).size === 1) return 'equal';
  return new Set(answers.map(progressOf)).size === 1 ? 'different' : 'unknown';
}

const progressOf = ({ progress }: ChecksumsAnswer): string => JSON.stringify(Object.entries(progress).sort(([a], [b]) => (a < b ? -1 : 1)));
