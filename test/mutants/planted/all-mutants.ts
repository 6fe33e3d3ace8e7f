import type { Mutant } from '../mutant.ts';
import { agentMutants } from './agent.mutants.ts';
import { cursorMutants } from './cursor.mutants.ts';
import { proceduresMutants } from './procedures.mutants.ts';
import { readingMutants } from './reading.mutants.ts';
import { shopMutants } from './shop.mutants.ts';
import { writerMutants } from './writer.mutants.ts';

/** In the order in which they are tried. */
export const allMutants: readonly Mutant[] = [
  ...cursorMutants,
  ...readingMutants,
  ...proceduresMutants,
  ...writerMutants,
  ...agentMutants,
  ...shopMutants,
];
