/** Every span, attribute and metric name, so that dashboards, alerts and tests have one place to look them up. */
export const spanNames = {
  httpRequest: 'http.request',
  httpForward: 'http.forward',
  commandDecide: 'command.decide',
  commandQueue: 'command.queue',
  commitAppend: 'commit.append',
  commitProject: 'commit.project',
  reactorReact: 'reactor.react',
  providerCall: 'provider.call',
} as const;
export type SpanName = (typeof spanNames)[keyof typeof spanNames];

export const attributeNames = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  shard: 'evenkeel.shard',
  seq: 'evenkeel.seq',
  commandType: 'evenkeel.command.type',
  commandId: 'evenkeel.command.id',
  correlation: 'evenkeel.correlation',
  outcome: 'evenkeel.outcome',
  region: 'evenkeel.region',
} as const;

/** Prometheus names: base unit in the name, `_total` on counters. */
export const metricNames = {
  httpRequests: 'evenkeel_http_requests_total',
  httpDuration: 'evenkeel_http_request_duration_seconds',
  forwards: 'evenkeel_edge_forwards_total',
  rateLimited: 'evenkeel_edge_rate_limited_total',
  commandsDecided: 'evenkeel_commands_decided_total',
  commandsCameToNothing: 'evenkeel_commands_came_to_nothing_total',
  commitsAppended: 'evenkeel_commits_appended_total',
  appendDuration: 'evenkeel_append_duration_seconds',
  settleDuration: 'evenkeel_settle_duration_seconds',
  doubtfulAppends: 'evenkeel_doubtful_appends_total',
  shardsOpen: 'evenkeel_shards_open',
  shardsStopped: 'evenkeel_shards_stopped',
  parkedRecords: 'evenkeel_parked_records',
  projectedCommits: 'evenkeel_projected_commits_total',
  projectionLag: 'evenkeel_projection_lag_commits',
  emittedCommands: 'evenkeel_reactor_commands_total',
  receiptsWritten: 'evenkeel_receipts_total',
  mirrorLag: 'evenkeel_mirror_lag_records',
  providerCalls: 'evenkeel_provider_calls_total',
  movementsRefused: 'evenkeel_payment_movements_refused_total',
} as const;
export type MetricName = (typeof metricNames)[keyof typeof metricNames];
