/**
 * Every span, attribute and metric name, so that dashboards, alerts and tests have one place to look them up.
 *
 * Spans and attributes follow OpenTelemetry's semantic conventions 1.4x for HTTP, messaging and databases
 * (https://opentelemetry.io/docs/specs/semconv/); what they have no word for begins with `evenkeel.`.
 */
declare const isSpanName: unique symbol;
/** One that this file made: no other is taken. */
export type SpanName = string & { readonly [isSpanName]: true };
const named = (text: string): SpanName => text as SpanName;

export const spanNames = {
  /** A request that is served: method and route. */
  httpServer: (method: string, route: string) => named(`${method} ${route}`),
  /** A request that is made. */
  httpClient: (method: string) => named(method),
  /** One record on its way into a topic: from what made it to its acknowledgement, and for a commit until it was read back. */
  send: (topic: string) => named(`send ${topic}`),
  /** One batch of settled commits that a reader works on; linked to their traces. */
  process: (reader: string) => named(`process ${reader}`),
  /** One transaction of several statements. */
  transaction: (schema: string) => named(`BATCH ${schema}`),
  /** A controller waits for what its service's writer decides. */
  commandDecide: named('command.decide'),
  /** A controller queues a command and waits for Kafka alone. */
  commandQueue: named('command.queue'),
  /** What the payment provider is asked, as often as it is asked. */
  providerCall: named('provider.call'),
} as const;

export const attributeNames = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlScheme: 'url.scheme',
  urlPath: 'url.path',
  urlFull: 'url.full',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingDestination: 'messaging.destination.name',
  messagingPartition: 'messaging.destination.partition.id',
  messagingConsumer: 'messaging.consumer.group.name',
  messagingBatchSize: 'messaging.batch.message_count',
  dbSystem: 'db.system.name',
  dbNamespace: 'db.namespace',
  dbOperation: 'db.operation.name',
  shard: 'evenkeel.shard',
  seq: 'evenkeel.seq',
  commandType: 'evenkeel.command.type',
  commandId: 'evenkeel.command.id',
  correlation: 'evenkeel.correlation',
  service: 'evenkeel.service',
  region: 'evenkeel.region',
  /** `authorize`, `capture`, `void`, `refund`. */
  providerCall: 'evenkeel.provider.call',
  /** How many traces a batch had; at most 32 of them are linked. */
  tracesInBatch: 'evenkeel.batch.trace_count',
} as const;

/** Prometheus names: base unit in the name, `_total` on counters. The same names go out by OTLP. */
export const metricNames = {
  httpRequests: 'evenkeel_http_requests_total',
  httpDuration: 'evenkeel_http_request_duration_seconds',
  forwards: 'evenkeel_edge_forwards_total',
  rateLimited: 'evenkeel_edge_rate_limited_total',

  orders: 'evenkeel_orders_total',
  confirmDuration: 'evenkeel_confirm_duration_seconds',
  commitsAppended: 'evenkeel_commits_appended_total',
  appendDuration: 'evenkeel_append_duration_seconds',
  settleDuration: 'evenkeel_settle_duration_seconds',
  doubtfulAppends: 'evenkeel_doubtful_appends_total',
  unsettledCommits: 'evenkeel_unsettled_commits',
  oldestUnsettledAge: 'evenkeel_oldest_unsettled_age_seconds',
  commandsCameToNothing: 'evenkeel_commands_came_to_nothing_total',
  shardsOpen: 'evenkeel_shards_open',
  shardsStopped: 'evenkeel_shards_stopped',
  providerCalls: 'evenkeel_provider_calls_total',
  movementsRefused: 'evenkeel_payment_movements_refused_total',

  projectorLeading: 'evenkeel_projector_leading',
  projectedCommits: 'evenkeel_projected_commits_total',
  projectionLag: 'evenkeel_projection_lag_seconds',
  parkedRecords: 'evenkeel_parked_records',
  rebuildRunning: 'evenkeel_rebuild_running',
  rebuildProgress: 'evenkeel_rebuild_progress_ratio',

  receiptsWritten: 'evenkeel_receipts_total',
  mirrorLag: 'evenkeel_mirror_lag_records',
  replicationLag: 'evenkeel_replication_lag_seconds',
  regionTerm: 'evenkeel_region_term',
  regionMode: 'evenkeel_region_mode',
  regionServing: 'evenkeel_region_serving',
  regionLeading: 'evenkeel_region_leading',
  otherRegionAlive: 'evenkeel_other_region_alive',
  takeovers: 'evenkeel_takeovers_total',
  procedureStepDuration: 'evenkeel_procedure_step_duration_seconds',

  processCpu: 'process_cpu_seconds_total',
  processMemory: 'process_resident_memory_bytes',
  eventLoopActive: 'nodejs_eventloop_active_seconds_total',
} as const;
export type MetricName = (typeof metricNames)[keyof typeof metricNames];

/** What each one says, in whose process, with which labels: the `# HELP` line of `/metrics`. */
export const metricHelp: Readonly<Record<MetricName, string>> = {
  [metricNames.httpRequests]: 'Requests served, by {method, route, status}. Health and metrics routes are not counted.',
  [metricNames.httpDuration]: 'From the first hook of a request to its last byte, by {route}.',
  [metricNames.forwards]: 'storefront-api: requests passed on to a service, by {region, service, outcome}.',
  [metricNames.rateLimited]: 'storefront-api: requests refused for coming too often, by {who}: customer or anonymous.',

  [metricNames.orders]:
    'order-service: orders by {outcome}: placed, confirmed, rejected (out of stock, payment declined), cancelled (by the customer), expired. Counted once the commit is settled, by the process that wrote it.',
  [metricNames.confirmDuration]:
    'order-service: from an order being placed to its confirmation being settled, where one process wrote both.',
  [metricNames.commitsAppended]: 'Commits that their writer appended and read back as accepted, by {service}.',
  [metricNames.appendDuration]: "One append of a writer's batch until Kafka acknowledged it, by {service}.",
  [metricNames.settleDuration]: 'From a commit being read back by its writer to its being settled there, by {service}.',
  [metricNames.doubtfulAppends]: 'Appends of which Kafka did not say what became of them, by {service}.',
  [metricNames.unsettledCommits]:
    'Commits accepted and not settled, of the shards assigned to this process and owned by its region, by {service}: what a loss of the region now would strand.',
  [metricNames.oldestUnsettledAge]: 'Age of the oldest such commit, by {service}; 0 when there is none. The RPO exposed right now.',
  [metricNames.commandsCameToNothing]: 'Commands that nobody waits for and that were not accepted, by {service, outcome}.',
  [metricNames.shardsOpen]: 'Shards that this process may write now, by {service}.',
  [metricNames.shardsStopped]:
    'Shards that stand still because data was lost, as seen by this process, by {service} in services and by {projector} where one leads.',
  [metricNames.providerCalls]: 'payment-service: calls to the payment provider, by {kind, outcome}: approved, declined, unknown.',
  [metricNames.movementsRefused]: 'payment-service: captures and refunds that the provider refused for good, by {kind}.',

  [metricNames.projectorLeading]: 'Whether this process leads the {projector}: 1 or 0. One of a region should.',
  [metricNames.projectedCommits]: 'Commits whose rows were stored, by {projector}.',
  [metricNames.projectionLag]:
    'How old the log is that the rows of {projector} show: age of the newest record read when it was stored, or of what waits to be stored now. Only where it leads, or fails to.',
  [metricNames.parkedRecords]: 'Records set aside that wait for a decision, by {projector}; only where it leads.',
  [metricNames.rebuildRunning]: 'Whether a rebuild of {projector} is running in this process: 1 or 0.',
  [metricNames.rebuildProgress]: 'How much of the log the running rebuild of {projector} has folded: 0 to 1.',

  [metricNames.receiptsWritten]: 'region-agent: receipts written.',
  [metricNames.mirrorLag]: 'region-agent that leads: records of a {topic} in the own cluster that it has not read.',
  [metricNames.replicationLag]:
    "region-agent that leads: age of the newest record of the {origin}'s logs that is known here. At rest it stays below the repetition of receipts (0.5 s) plus a mirror delay.",
  [metricNames.regionTerm]: 'region-agent: term of the lineage in etcd.',
  [metricNames.regionMode]: 'region-agent: 1 for the {mode} of the lineage (paired, claimed, solo, rejoining), 0 for the others.',
  [metricNames.regionServing]: 'region-agent: whether clients should come to this region: 1 or 0.',
  [metricNames.regionLeading]: 'region-agent: whether this instance leads its region: 1 or 0.',
  [metricNames.otherRegionAlive]:
    'region-agent: whether an agent of the other {region} holds a lease in etcd: 1 or 0. None while etcd is silent.',
  [metricNames.takeovers]: 'region-agent: takeovers and promotions that this process completed, by the {lost} region.',
  [metricNames.procedureStepDuration]: 'region-agent: one step of a procedure until it was read back, by {procedure, step}.',

  [metricNames.processCpu]: 'CPU time of this process, user and system.',
  [metricNames.processMemory]: 'Resident memory of this process.',
  [metricNames.eventLoopActive]:
    'Time that the event loop did not wait for anything: its rate is how busy it is, 0 to 1, also where the process wants a core and has none.',
};
