import type { Region } from '#contracts';
import type { TimerOwner } from './virtual-timers.ts';

/** One process of a region: it runs, stands still, or is dead for good; who comes after it is another one. */
export class WorldProcess implements TimerOwner {
  readonly name: string;
  readonly region: Region;
  isPaused = false;
  isDead = false;
  /** Since when it stands still or is dead, by the world's clock. */
  silentSinceMs: number | undefined;

  constructor(name: string, region: Region) {
    this.name = name;
    this.region = region;
  }

  get isRunning(): boolean {
    return !this.isPaused && !this.isDead;
  }

  pause(nowMs: number): void {
    this.isPaused = true;
    this.silentSinceMs ??= nowMs;
  }

  goOn(): void {
    this.isPaused = false;
    if (!this.isDead) this.silentSinceMs = undefined;
  }

  die(nowMs: number): void {
    this.isDead = true;
    this.silentSinceMs ??= nowMs;
  }
}
