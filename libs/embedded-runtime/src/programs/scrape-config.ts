/** `evenkeel`: our own processes. `etcd`: its members, among them the witness. */
export type ScrapeJob = 'evenkeel' | 'etcd';

/** One process that is asked for its metrics. The labels are Prometheus' to give: a process does not say where it runs. */
export interface ScrapeTarget {
  readonly job: ScrapeJob;
  /** `host:port` of its `/metrics`. */
  readonly address: string;
  readonly region: string;
  /** What it is one of: `order-service`, `order-projector`, `etcd`, … */
  readonly service: string;
  /** The name by which an operator finds it: of a part here, of a container elsewhere. */
  readonly instance: string;
}

/** Of etcd's some hundred metrics, those that a rule or a dashboard asks for. */
const etcdMetrics = 'etcd_server_(has_leader|is_leader|leader_changes_seen_total)|etcd_disk_wal_fsync_duration_seconds_.+';

const jobs: readonly { readonly job: ScrapeJob; readonly keep?: string }[] = [{ job: 'evenkeel' }, { job: 'etcd', keep: etcdMetrics }];

/**
 * Prometheus' `scrape_configs`, as plain data. Both ways to run Evenkeel have just these; only the addresses differ. All regions are
 * asked directly, over the clients' network: a cut between regions takes nothing from the picture.
 */
export const scrapeConfigs = (targets: readonly ScrapeTarget[]): readonly unknown[] =>
  jobs.map(({ job, keep }) => ({
    job_name: job,
    static_configs: targets
      .filter((target) => target.job === job)
      .map(({ address, region, service, instance }) => ({ targets: [address], labels: { region, service, instance } })),
    ...(keep === undefined ? {} : { metric_relabel_configs: [{ source_labels: ['__name__'], regex: keep, action: 'keep' }] }),
  }));
