import { answerClasses, type AnswerClass, type SecondOfAnswers, type SecondOfLatency } from '../measures/answers-over-time.ts';
import type { Marker } from '../recording.ts';

const [width, height, left, bottom, top] = [960, 240, 46, 22, 26];
const innerWidth = width - left - 8;
const innerHeight = height - bottom - top;

export const colours: Readonly<Record<AnswerClass, string>> = {
  acknowledged: '#3a8f5c',
  refused: '#8a63b8',
  '503': '#e0a030',
  '504': '#d2691e',
  'other 5xx': '#b03030',
  timeout: '#5a6f8f',
  'no connection': '#20242c',
};
const markerColours: Readonly<Record<Marker['kind'], string>> = { fault: '#c00000', remedy: '#0060c0', step: '#999999' };

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');

const fixed = (value: number): string => value.toFixed(1);

/** A round number of at least `value`: 1, 2 or 5 times a power of ten. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((times) => times * power).find((nice) => nice >= value) ?? 10 * power;
}

function frame(seconds: number, topValue: number, unit: string, markers: readonly Marker[], content: string): string {
  const x = (second: number): string => fixed(left + (second / seconds) * innerWidth);
  const y = (value: number): string => fixed(top + innerHeight * (1 - value / topValue));
  const every = niceCeiling(seconds / 12);
  const ticks = Array.from({ length: Math.floor(seconds / every) + 1 }, (_, i) => i * every).map(
    (second) => `<text x="${x(second)}" y="${height - 6}" text-anchor="middle">${second}</text>`,
  );
  const lines = [0.5, 1].map(
    (share) =>
      `<line x1="${left}" x2="${width - 8}" y1="${y(share * topValue)}" y2="${y(share * topValue)}" stroke="#ddd"/>` +
      `<text x="${left - 4}" y="${y(share * topValue)}" text-anchor="end" dominant-baseline="middle">${share * topValue}${unit}</text>`,
  );
  const inside = markers.filter(({ atMs }) => atMs >= 0 && atMs <= seconds * 1000);
  const marks = inside.map(({ atMs, kind, label }) => {
    const at = x(atMs / 1000);
    const text =
      kind === 'step' ? '' : `<text x="${at}" y="${top - 8}" text-anchor="middle" fill="${markerColours[kind]}">${escaped(label)}</text>`;
    const dash = kind === 'step' ? ' stroke-dasharray="2 3"' : '';
    return `<g><title>${fixed(atMs / 1000)} s: ${escaped(label)}</title><line x1="${at}" x2="${at}" y1="${top}" y2="${height - bottom}" stroke="${markerColours[kind]}"${dash}/>${text}</g>`;
  });
  const axis = `<line x1="${left}" x2="${width - 8}" y1="${height - bottom}" y2="${height - bottom}" stroke="#333"/>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${lines.join('')}${content}${axis}${marks.join('')}${ticks.join('')}</svg>`;
}

/** One bar a second, its parts by what was answered. */
export function answersPlot(answers: readonly SecondOfAnswers[], markers: readonly Marker[]): string {
  const seconds = Math.max(1, answers.length);
  const sum = ({ counts }: SecondOfAnswers): number => answerClasses.reduce((total, name) => total + counts[name], 0);
  const topValue = niceCeiling(Math.max(1, ...answers.map(sum)));
  const barWidth = Math.max(1, innerWidth / seconds - 0.5);
  const bars = answers.flatMap(({ second, counts }) => {
    let below = 0;
    return answerClasses
      .filter((name) => counts[name] > 0)
      .map((name) => {
        below += counts[name];
        const [x, y] = [left + (second / seconds) * innerWidth, top + innerHeight * (1 - below / topValue)];
        const tall = (counts[name] / topValue) * innerHeight;
        return `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(barWidth)}" height="${fixed(tall)}" fill="${colours[name]}"><title>${second} s: ${counts[name]} ${name}</title></rect>`;
      });
  });
  return frame(seconds, topValue, '', markers, bars.join(''));
}

/** Median and longest, by the second in which orders were due; a gap where none was acknowledged. */
export function latencyPlot(latency: readonly SecondOfLatency[], markers: readonly Marker[], secondsMin: number): string {
  const seconds = Math.max(1, secondsMin, ...latency.map(({ second }) => second + 1));
  const topValue = niceCeiling(Math.max(100, ...latency.map(({ maxMs }) => maxMs)));
  const at = (second: number, ms: number): readonly [string, string] => [
    fixed(left + ((second + 0.5) / seconds) * innerWidth),
    fixed(top + innerHeight * (1 - ms / topValue)),
  ];
  const dots = latency.map(({ second, p50Ms, maxMs }) => {
    const [[x, y], [, yMax]] = [at(second, p50Ms), at(second, maxMs)];
    return `<g><title>${second} s: median ${Math.round(p50Ms)} ms, longest ${Math.round(maxMs)} ms</title><line x1="${x}" x2="${x}" y1="${y}" y2="${yMax}" stroke="#9bb8d3" stroke-width="3"/><circle cx="${x}" cy="${y}" r="2.5" fill="#1f4e79"/></g>`;
  });
  return frame(seconds, topValue, ' ms', markers, dots.join(''));
}
