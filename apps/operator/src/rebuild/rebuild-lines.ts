import type { RebuildAnswer } from '#contracts';

const duration = (seconds: number): string => {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return minutes === 0 ? `${rest} s` : `${minutes} min ${String(rest).padStart(2, '0')} s`;
};

/** `order: loading 45%, 21,300 records/s, 12 s left` */
export function progressLine({ projector, phase, recordsRead, recordsTotal, recordsPerSecond, secondsLeft }: RebuildAnswer): string {
  if (phase === null) return `${projector}: beginning`;
  if (phase !== 'loading') return `${projector}: ${phase}`;
  const percent = recordsTotal === 0 ? 0 : Math.floor((100 * recordsRead) / recordsTotal);
  const left = secondsLeft === null ? 'time left unknown' : `${duration(secondsLeft)} left`;
  return `${projector}: ${phase} ${percent}%, ${recordsPerSecond.toLocaleString('en')} records/s, ${left}`;
}

export function outcomeLine({ projector, projections, state, differing, error }: RebuildAnswer): string {
  if (state === 'failed') return `${projector}: failed, the live tables are as they were: ${error}`;
  if (differing === null) return `${projector}: rebuilt (${projections.join(', ')}); there was nothing, or no moment, to compare with`;
  const found = differing.length === 0 ? 'as they were' : `these differed and are mended: ${differing.join(', ')}`;
  return `${projector}: rebuilt (${projections.join(', ')}); ${found}`;
}
