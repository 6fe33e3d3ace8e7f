export type { ProgramSpec } from './programs/program.ts';
export { makeClassArchives } from './programs/class-archives.ts';
export { archivedClasses, assertJarsPresent, defaultKafkaJars, runJava } from './programs/jvm.ts';
export { postgresPackageFolder, preparePostgresBinaries } from './programs/postgres-binaries.ts';
export { unprivilegedUser } from './programs/unprivileged-user.ts';
export { projectRoot, runtimeHome, type RuntimeHome } from './runtime-home.ts';
export { readSystem, systemSchema, type System } from './topology/system.ts';
export { identityUrl, renderTopology } from './topology/render-topology.ts';
export { renderLinks } from './topology/render-links.ts';
export { brokerPlace, mirrorRoute, renderPlan, type PlanOptions } from './topology/plan.ts';
export { identityKey, mintToken, type TokenClaims } from './identity/identity-issuer.ts';
export { planName, Supervisor, type PartPlan, type PartStatus, type Plan, type StepPlan } from './supervisor/supervisor.ts';
export { endLeftovers, runningSupervisor, stillRunning } from './supervisor/leftovers.ts';
export { RegionControl, type RegionControlOptions } from './supervisor/region-control.ts';
export { tailOf } from './supervisor/part-log.ts';
export { portOwner } from './supervisor/ports.ts';
export { isAlive, processTree } from './supervisor/processes.ts';
export { AlreadyRunningError, EmbeddedRuntime, type RuntimeOptions } from './embedded-runtime.ts';
export { runForeground, type ForegroundOptions } from './run-foreground.ts';
export { ControlClient, NotRunningError } from './control/control.client.ts';
export * from './control/control.protocol.ts';
export {
  adviceFor,
  ensurePrograms,
  extras,
  MissingProgramsError,
  onPath,
  prometheusPath,
  requirements,
  type Extra,
} from './doctor/doctor.ts';
export { prometheusProgram, type PrometheusOptions } from './programs/prometheus.program.ts';
export { scrapeConfigs, type ScrapeTarget } from './programs/scrape-config.ts';
export { scrapeTargets } from './topology/prometheus-part.ts';
export { startLinks, type CutOptions, type DelayOptions, type Links, type LinkSpec, type LinksStatus } from './links/links.ts';
export { etcdMemberId } from './links/etcd-dialer.ts';
export { brokerHeapMb, brokerSettings, clusterIdOf, kafkaProgram, type KafkaOptions } from './programs/kafka.program.ts';
export { mirrorMakerHeapMb, mirrorMakerProgram, mirrorProperties, type MirrorMakerOptions } from './programs/mirror-maker.program.ts';
export { dnsFiles, dnsProgram, findDnsServer, type DnsOptions, type DnsServerFound } from './programs/dns.program.ts';
export { etcdProgram, type EtcdOptions } from './programs/etcd.program.ts';
export { postgresProgram, postgresSettings, type PostgresOptions } from './programs/postgres.program.ts';
export { nodeProgram, v8Flags, type NodeProgramOptions } from './programs/node.program.ts';
