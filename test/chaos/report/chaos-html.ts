import { answerClasses } from '../../../apps/operator/src/drill/measures/answers-over-time.ts';
import { answersPlot, colours, escaped, latencyPlot } from '../../../apps/operator/src/drill/report/plot-svg.ts';
import { workloads } from '../workloads/all-workloads.ts';
import { violationsOf, type ScenarioReport, type ScenarioVerdict } from './chaos-report.ts';

const verdictWords: Readonly<Record<ScenarioVerdict, string>> = {
  held: 'Everything held.',
  violated: 'VIOLATED.',
  'not-run': 'Not run on this machine, so not passed.',
  broken: 'The run itself broke: nothing was judged.',
};

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#20242c}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd;vertical-align:top}
svg{width:100%;font:10px system-ui,sans-serif}.held{color:#2a7a48}.violated,.broken{color:#b00000}.not-run{color:#806000}
.key span{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}small{color:#667}summary{cursor:pointer}`;

const seconds = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (of: readonly string[], tag: string): string => of.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join('');
  return `<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</tbody></table>`;
}

/** The report as one page that needs nothing else. Pure. */
export function chaosHtml({ seed, finished }: { readonly seed: number; readonly finished: readonly ScenarioReport[] }): string {
  const count = (verdict: ScenarioVerdict): number => finished.filter((report) => report.verdict === verdict).length;
  const title = `Chaos, seed ${seed}: ${finished.length} scenarios`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${count('held')} held, ${count('violated')} violated, ${count('broken')} broke, ${count('not-run')} not run. Each breaks two real regions under load and
heals them; then their clients' histories, and what stands in both regions and at the payment provider, are judged.</p>
${promises(finished)}
<h2>Scenarios</h2>
${finished.map(section).join('\n')}
</body></html>
`;
}

/** Each checker over all scenarios: how much it judged says what its silence is worth. */
function promises(finished: readonly ScenarioReport[]): string {
  const byName = new Map<string, { promise: string; examined: number; violations: number; scenarios: number }>();
  for (const { name, promise, examined, violations } of finished.flatMap(({ checks }) => checks)) {
    const sum = byName.get(name) ?? { promise, examined: 0, violations: 0, scenarios: 0 };
    byName.set(name, {
      promise,
      examined: sum.examined + examined,
      violations: sum.violations + violations.length,
      scenarios: sum.scenarios + (examined > 0 ? 1 : 0),
    });
  }
  const rows = [...byName.values()].map(({ promise, examined, violations, scenarios }) => [
    violations === 0 ? 'holds' : `BROKEN ${violations}`,
    promise,
    String(examined),
    String(scenarios),
  ]);
  return `<h2>What was judged</h2>${table(['', 'promise', 'facts examined', 'in scenarios'], rows)}`;
}

function section(report: ScenarioReport): string {
  const { name, verdict, workload, seed, faults, requests, loadMs, recoveryMs, because } = report;
  const open = verdict === 'violated' || verdict === 'broken' ? ' open' : '';
  const struck = faults.map((fault) => [fault.kind, fault.strikes, seconds(fault.beganMs), seconds(fault.healedMs)]);
  return `<details${open}><summary><strong class="${verdict}">${escaped(name)}</strong>: ${verdictWords[verdict]} <small>${escaped(workload)}, seed ${seed}${
    recoveryMs === undefined ? '' : `, whole again ${seconds(recoveryMs)} after the last heal`
  }</small></summary>
<p>${escaped(workloads[workload].asks)}</p>
${because === undefined ? '' : `<p class="${verdict}">${escaped(because)}</p>`}
${struck.length === 0 ? '' : table(['fault', 'strikes', 'from', 'healed'], struck)}
${verdicts(report)}
${requests === 0 ? '' : plots(report, loadMs)}
</details>`;
}

function verdicts(report: ScenarioReport): string {
  const found = violationsOf(report);
  if (found.length > 0)
    return table(
      ['checker', 'where', 'what'],
      found.map(({ checker, where, what }) => [checker, where, what]),
    );
  return report.checks.length === 0
    ? ''
    : `<p>${report.checks.map(({ name, examined }) => `${escaped(name)} (${examined})`).join(', ')}</p>`;
}

const key = `<p class="key"><small>Requests a second by the second in which they ended.</small>${answerClasses
  .map((name) => `<span style="background:${colours[name]}"></span>${name}`)
  .join('')}</p>`;

/** What a pointer would be told of each bar makes up half of a page: only where somebody will look closely. */
const withoutTitles = (svg: string): string => svg.replaceAll(/<title>[^<]*<\/title>/g, '');

function plots({ verdict, answers, latency, markers }: ScenarioReport, loadMs: number): string {
  const blows = markers.filter(({ kind }) => kind !== 'step');
  const [above, below] = [answersPlot(answers, markers), latencyPlot(latency, blows, Math.ceil(loadMs / 1000))];
  const [first, second] = verdict === 'violated' ? [above, below] : [withoutTitles(above), withoutTitles(below)];
  return `${key}${first}<p><small>Time to acknowledgement of an order by the second in which it was asked: median and longest.</small></p>${second}`;
}
