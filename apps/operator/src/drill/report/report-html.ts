import { answerClasses } from '../measures/answers-over-time.ts';
import type { Percentiles } from '../measures/percentiles.ts';
import type { DrillReport, KindReport } from './drill-report.ts';
import { answersPlot, colours, escaped, latencyPlot } from './plot-svg.ts';

const violationsShownMax = 50;
const pausesShownMax = 10;
const names: Readonly<Record<KindReport['kind'], string>> = { sdk: 'SDK clients', plain: 'Plain clients, which ask DNS' };

const seconds = (ms: number): string => (ms === Infinity ? 'never' : `${(ms / 1000).toFixed(2)} s`);
const milliseconds = (ms: number): string => (ms === Infinity ? 'never opened' : `${Math.round(ms)} ms`);
const spread = (of: Percentiles | undefined): readonly string[] =>
  of === undefined ? ['-', '-', '-', '-'] : [of.p50, of.p95, of.p99, of.max].map(seconds);

/** A table of texts; every cell is escaped. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (of: readonly string[], tag: string): string => of.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join('');
  return `<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</tbody></table>`;
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#20242c}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd;vertical-align:top}
svg{width:100%;font:10px system-ui,sans-serif}.sound{color:#2a7a48}.broken{color:#b00000}.key span{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}
h2{margin-top:2rem}small{color:#667}`;

/** The report as one page that needs nothing else: no script, no font, no picture from elsewhere. Pure. */
export function reportHtml(report: DrillReport): string {
  const { plan } = report;
  const title = `Drill: ${plan.fault} ${plan.region}, ${plan.ordersPerSecond} orders/s for ${plan.seconds} s`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${escaped(plan.startedAt)}, drill ${escaped(plan.name)}. All times count from when an order was due, not from when it was sent.</p>
${verdict(report)}
${recovery(report)}
${plots(report)}
${steps(report)}
${pauses(report)}
${stranded(report)}
${checks(report)}
</body></html>
`;
}

function verdict({ sound, problems, loss, homeComing, settledAfterSeconds, notes }: DrillReport): string {
  const said = sound
    ? '<p class="sound"><strong>Every invariant holds.</strong></p>'
    : `<ul class="broken">${problems.map((one) => `<li>${escaped(one)}</li>`).join('')}</ul>`;
  const came = homeComing.home ? `${seconds(homeComing.sinceRemedyMs)} after the remedy` : `not yet: ${homeComing.missing}`;
  return `${said}${table(
    ['what', 'measured'],
    [
      ['RPO: acknowledged orders lost', `${loss.lost.length} of ${loss.acknowledged}`],
      ['RPO: time that they reach back', `${loss.seconds.toFixed(2)} s`],
      ['paired again and everything at home', came],
      ['every order decided and both regions equal', `${settledAfterSeconds.toFixed(1)} s after that`],
    ],
  )}${notes.map((note) => `<p><small>${escaped(note)}</small></p>`).join('')}`;
}

const recovery = ({ kinds }: DrillReport): string =>
  `<h2>Clients</h2><p>RTO of a client: from the fault to its first acknowledged order among those that were due after the fault.</p>${table(
    ['', 'clients', 'RTO p50', 'p95', 'p99', 'max', 'objective for p99'],
    kinds.map((of) => [
      names[of.kind],
      String(of.clients),
      ...spread(of.recoveryMs),
      `${seconds(of.objectiveMs)}: ${of.objectiveMet ? 'met' : 'missed'}`,
    ]),
  )}${table(
    ['', 'orders', 'acknowledged', 'refused', 'unknown', 'errors that users saw', 'requests'],
    kinds.map((of) => [names[of.kind], ...[of.orders, of.acknowledged, of.refused, of.unknown, of.errorsSeen, of.attempts].map(String)]),
  )}${table(
    ['time to acknowledgement', 'due', 'p50', 'p95', 'p99', 'max'],
    kinds.flatMap((of) =>
      (
        [
          ['before the fault', of.latencyMs.beforeFault],
          ['from the fault to the remedy', of.latencyMs.duringFault],
          ['after the remedy', of.latencyMs.afterRemedy],
        ] as const
      ).map(([when, latency]) => [names[of.kind], when, ...spread(latency)]),
    ),
  )}`;

const key = `<p class="key">${answerClasses.map((name) => `<span style="background:${colours[name]}"></span>${name}`).join('')}</p>`;

const plots = ({ kinds, markers, plan }: DrillReport): string =>
  `<h2>Answers by status over time</h2><p><small>Requests per second, by the second in which they ended. Dashed: steps of the procedures, as listed below.</small></p>${key}${kinds
    .map(
      (of) =>
        `<h3>${names[of.kind]}</h3>${answersPlot(of.answers, markers)}<p><small>Time to acknowledgement by the second in which orders were due: median and longest.</small></p>${latencyPlot(of.latency, markers, plan.warmUpSeconds + plan.seconds)}`,
    )
    .join('')}`;

const steps = ({ steps: all }: DrillReport): string =>
  `<h2>Steps of takeover and return</h2>${
    all.length === 0
      ? '<p>No step is known.</p>'
      : table(
          ['since the fault', 'region', 'term', 'event', 'took', 'because'],
          all.map(({ sinceFaultMs, region, instance, term, event, tookMs, because }) => [
            seconds(sinceFaultMs),
            `${region}/${instance}`,
            String(term),
            event,
            tookMs === undefined ? '' : `${Math.round(tookMs)} ms`,
            because,
          ]),
        )
  }`;

const pauses = ({ writePauses: all, writePauseMs: of }: DrillReport): string =>
  `<h2>Write pauses</h2><p>From the close of a shard to the fence of its next writer, as the logs have them. A takeover of a lost region's shards begins without a close: its pause is the clients' RTO.</p>${
    of === undefined
      ? '<p>None.</p>'
      : table(['shards', 'p50', 'p95', 'p99', 'max'], [[String(of.count), ...[of.p50, of.p95, of.p99, of.max].map(milliseconds)]]) +
        table(
          ['longest', 'from', 'to', 'terms', 'pause'],
          all
            .toSorted((a, b) => b.ms - a.ms)
            .slice(0, pausesShownMax)
            .map(({ shard, from, to, closedTerm, openedTerm, ms }) => [
              shard,
              from,
              to,
              `${closedTerm} to ${openedTerm}`,
              milliseconds(ms),
            ]),
        )
  }`;

const stranded = ({ stranded: commits }: DrillReport): string =>
  `<h2>Stranded commits</h2>${
    commits.length === 0
      ? '<p>None: whatever was written was settled.</p>'
      : table(
          ['in', 'shard', 'term', 'seq', 'events', 'from', 'offered again', 'because'],
          commits.map(({ region, shard, term, seq, events, origin, offered, because }) => [
            region,
            shard,
            String(term),
            String(seq),
            events.join(' '),
            origin,
            offered,
            because,
          ]),
        )
  }`;

const checks = ({ checks: all }: DrillReport): string =>
  `<h2>Invariants at the end</h2>${table(
    ['', 'promise'],
    all.map(({ promise, violations }) => [violations.length === 0 ? 'holds' : `BROKEN ${violations.length} times`, promise]),
  )}${all
    .filter(({ violations }) => violations.length > 0)
    .map(
      ({ promise, violations }) =>
        `<h3 class="broken">${escaped(promise)}</h3>${table(
          ['where', 'what'],
          violations.slice(0, violationsShownMax).map(({ where, what }) => [where, what]),
        )}${violations.length > violationsShownMax ? `<p>and ${violations.length - violationsShownMax} more, in the JSON</p>` : ''}`,
    )
    .join('')}`;
