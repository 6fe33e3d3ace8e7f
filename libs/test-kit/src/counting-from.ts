import { samplesIn, sumOf, type Sample } from './scrape.ts';

/** How much a series has grown. */
export type GrownBy = (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;

/** Counts from now on: what specs before this one have counted in the same process is left out. */
export async function countingFrom(metrics: { readonly render: () => Promise<string> }): Promise<GrownBy> {
  const now = async (): Promise<readonly Sample[]> => samplesIn(await metrics.render());
  const before = await now();
  return async (name, labels) => sumOf(await now(), name, labels) - sumOf(before, name, labels);
}
