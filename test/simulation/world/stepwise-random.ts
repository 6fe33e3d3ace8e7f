import { seededRandom, type SeededRandom } from '#test-kit';

/**
 * Chance that begins anew with each step, from the seed and the step's number: when a fault is left out, what it does not touch goes on drawing
 * as before, so that the runs stay near each other and can be shrunk.
 */
export class StepwiseRandom implements SeededRandom {
  readonly #seed: number;
  #now: SeededRandom;

  constructor(seed: number) {
    this.#seed = seed;
    this.#now = seededRandom(seed);
  }

  beginStep(step: number): void {
    this.#now = seededRandom(Math.imul(this.#seed ^ Math.imul(step, 0x9e3779b1), 0x85ebca6b) ^ (step << 7));
  }

  next = (): number => this.#now.next();
  below = (below: number): number => this.#now.below(below);
  chance = (probability: number): boolean => this.#now.next() < probability;
  pick = <T>(from: readonly T[]): T => this.#now.pick(from);
  shuffled = <T>(items: readonly T[]): T[] => this.#now.shuffled(items);
  fork = (): SeededRandom => this.#now.fork();
}
