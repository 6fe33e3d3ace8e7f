import type { AgentStatus, Serving } from '#contracts';
import { servingOf, type RegionState, type StoredLineage } from '#regions';
import type { HealthRegistry, Lifecycle } from '#service-kit';
import { Candidacy } from './lead/candidacy.ts';
import { KafkaHealth } from './lead/kafka-health.ts';
import { Lead } from './lead/lead.ts';
import { StateReader } from './lead/state-reader.ts';
import type { RegionAgentOptions } from './region-agent.options.ts';
import { observeAgent } from './status/agent-metrics.ts';
import { agentStatusOf, observeHealth } from './status/agent-status.ts';
import { Attention } from './view/attention.ts';
import { Since } from './view/since.ts';
import { Wake } from './wake.ts';
import { PromotionHold } from './wishes/promotion-hold.ts';

const etcdGoneRetryMs = 250;

/** A round goes by what was read of etcd within this time and not changed since: a handoff need not ask again between its close and its swap. */
const stateRecentMs = 500;

/**
 * A region's agent: one instance of two or more. Each keeps a lease, reads etcd's state and answers whether the region serves; one leads, says what the
 * region has accepted, and carries out takeover, return and handoff, a step at a time.
 *
 * A round goes by what etcd said a moment ago, read anew unless that is recent, and looks at the logs after it. Nothing that fails in it ends the agent: the next round looks anew.
 */
export class RegionAgent {
  readonly #options: RegionAgentOptions;
  readonly #nowMs: () => number;
  readonly #wake = new Wake();
  readonly #stopping = new AbortController();
  readonly #attention: Attention;
  readonly #kafka: KafkaHealth;
  readonly #state: StateReader;
  readonly #candidacy: Candidacy;
  readonly #lead: Lead;
  readonly #servingSince = new Since();
  readonly #promotionHold: PromotionHold;
  #running: Promise<void> | undefined;
  #guard: NodeJS.Timeout | undefined;
  #problem: string | undefined;
  #told: { serving: boolean | undefined; status: string | undefined } = { serving: undefined, status: undefined };

  constructor(options: RegionAgentOptions) {
    this.#options = options;
    const { cluster, registry, here, instance, timing, log, probeEveryMs } = options;
    const nowMs = options.nowMs ?? (() => performance.now());
    this.#nowMs = nowMs;
    this.#attention = new Attention(nowMs);
    this.#promotionHold = new PromotionHold(nowMs);
    this.#kafka = new KafkaHealth({
      cluster,
      nowMs,
      everyMs: Math.min(probeEveryMs, 1_000),
      onBack: (silentMs) => this.#kafkaIsBack(silentMs),
    });
    this.#state = new StateReader({ registry, log, nowMs, onChange: (lineage) => this.#changed(lineage) });
    this.#candidacy = new Candidacy({
      registry,
      region: here,
      instance,
      ttlSeconds: timing.leaseTtlSeconds,
      log,
      unfitBecause: () => this.#unfitBecause(),
      onChange: () => this.#wake.wake(),
    });
    this.#lead = new Lead({
      ...options,
      nowMs,
      attention: this.#attention,
      isLeadConfirmed: () => this.#candidacy.standing === 'leads',
      onLooked: () => this.#wake.wake(),
      onSwapped: () => this.#state.changed(),
    });
  }

  async start(lifecycle: Lifecycle, health: HealthRegistry): Promise<void> {
    observeHealth(health, () => this.status());
    await lifecycle.start('metrics', () =>
      observeAgent({
        here: this.#options.here,
        topology: this.#options.topology,
        status: () => this.status(),
        state: () => (this.#state.problem === undefined ? this.#state.known?.state : undefined),
        parts: () => this.#lead.parts,
        nowMs: this.#nowMs,
      }),
    );
    await lifecycle.start('attention', () => (this.#attention.start(), () => this.#attention.close()));
    await lifecycle.start('kafka health', () => (this.#kafka.start(), () => this.#kafka.close()));
    await lifecycle.start('state', () => (this.#state.start(), () => this.#state.close()));
    await lifecycle.start('lease', () => (this.#candidacy.start(), () => this.#candidacy.close()));
    await lifecycle.start('rounds', () => {
      this.#running = this.#run();
      // A round may take long over an append; what is known of etcd must not grow old meanwhile.
      this.#guard = setInterval(() => {
        if ((this.#state.ageMs() ?? Infinity) > this.#options.idleMs * 1.5) this.#changed();
      }, this.#options.idleMs);
      return () => this.#stop();
    });
  }

  serving(): Serving {
    const readAgoMs = this.#state.ageMs();
    const state = this.#state.known?.state;
    return servingOf({
      here: this.#options.here,
      stored: state?.lineage,
      readAgoMs: readAgoMs === undefined ? undefined : Math.round(readAgoMs),
      evacuated: state?.wishes.evacuated ?? [],
      kafkaSilentForMs: Math.round(this.#kafka.silentForMs()),
      timing: this.#options.timing,
    });
  }

  status(): AgentStatus {
    const { here, instance, topology } = this.#options;
    const { standing } = this.#candidacy;
    return agentStatusOf({
      here,
      instance,
      topology,
      standing,
      serving: this.serving(),
      state: this.#state.known?.state,
      parts: this.#lead.parts,
      peers: this.#lead.view?.peers ?? new Map(),
      procedure: this.#lead.procedure,
      problems: {
        etcd: this.#state.problem,
        kafka: this.#unfitBecause(),
        lease: this.#candidacy.problem,
        lead: standing === 'standby' ? undefined : this.#lead.problem,
        round: this.#problem,
      },
    });
  }

  /** Shows the wishes, and what they may refer to, as they stand now. @throws AgentRegistryError */
  async readState(): Promise<RegionState> {
    return (await this.#state.refresh()).state;
  }

  /** A person has asked for a promotion, and etcd could not take it. */
  holdForPromotion(): void {
    this.#promotionHold.begin(this.#state.known?.state.wishes.promote);
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      let pauseMs = etcdGoneRetryMs;
      try {
        pauseMs = await this.#round();
        this.#problem = undefined;
      } catch (error) {
        const { message } = error as Error;
        if (message !== this.#problem) this.#options.log.error({ err: error }, 'a round failed');
        this.#problem = message;
      }
      await this.#wake.wait(pauseMs, this.#stopping.signal);
    }
  }

  async #round(): Promise<number> {
    const state = await this.#readOrUndefined();
    if (state !== undefined) {
      this.#lead.notice(state);
      const before = this.#candidacy.standing;
      const standing = await this.#candidacy.consider(state);
      if (standing !== before) this.#tellStanding(standing, state);
      await (standing === 'standby' ? this.#lead.standBack() : this.#lead.takeUp());
      this.#lead.see(state.lineage);
      this.#tellStatus(state);
    }
    const serving = this.serving();
    const servingForMs = this.#servingSince.note(String(serving.serving), this.#nowMs());
    this.#tellServing(serving, state);
    if (state !== undefined) await this.#say(state);
    if (this.#lead.parts === undefined) return state === undefined ? etcdGoneRetryMs : this.#options.idleMs;
    const self = {
      kafkaSilentForMs: Math.round(this.#kafka.silentForMs()),
      notServingForMs: serving.serving ? 0 : Math.round(servingForMs),
      promotionAnnounced: this.#promotionHold.holds(state?.wishes.promote),
    };
    return this.#lead.round(state, self, this.#candidacy.standing === 'leads');
  }

  async #say(state: RegionState): Promise<void> {
    try {
      await this.#candidacy.say(this.#lead.signal(state, this.#candidacy.standing === 'leads'));
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the others were not told how this agent stands'); // said again in the next round
    }
  }

  async #readOrUndefined(): Promise<RegionState | undefined> {
    try {
      return (await this.#state.recent(stateRecentMs)).state;
    } catch {
      return undefined; // the reader keeps the reason for the status
    }
  }

  /** Between rounds, or while one takes long: the lineage reaches the services, and the logs are read under it. */
  #changed(lineage?: StoredLineage): void {
    if (lineage !== undefined) this.#lead.see(lineage); // a round trip earlier than by reading it
    this.#wake.wake();
    this.#state.refresh().then(
      ({ state }) => this.#lead.see(state.lineage),
      () => undefined, // the reader keeps the reason for the status
    );
  }

  #unfitBecause(): string | undefined {
    if (!this.#kafka.hasAnswered)
      return `own Kafka has not answered yet${this.#kafka.problem === undefined ? '' : `: ${this.#kafka.problem}`}`;
    const silentMs = Math.round(this.#kafka.silentForMs());
    return silentMs < this.#options.timing.kafkaSilentMs
      ? undefined
      : `own Kafka has not answered for ${silentMs} ms: ${this.#kafka.problem ?? 'no answer'}`;
  }

  #kafkaIsBack(silentMs: number): void {
    // What it would have shown of the others is still on its way.
    this.#attention.wasBlind();
    if (silentMs < this.#options.timing.kafkaSilentMs) return;
    this.#record('kafka-back', `own Kafka answers again after ${Math.round(silentMs)} ms`);
  }

  #tellStanding(standing: Candidacy['standing'], { leaders }: RegionState): void {
    const leader = leaders.get(this.#options.here);
    if (standing === 'leads') this.#record('lead-taken', 'nobody led the region');
    else if (standing === 'standby') this.#record('lead-lost', `instance ${leader?.instance ?? 'unknown'} leads`);
  }

  #tellStatus({ lineage }: RegionState): void {
    const status = lineage && JSON.stringify(lineage.lineage.status);
    if (this.#candidacy.standing !== 'leads' || status === undefined || status === this.#told.status) return;
    const was = this.#told.status;
    this.#told.status = status;
    if (was !== undefined) this.#record('status-changed', `from ${was} to ${status}`, { status: lineage!.lineage.status });
  }

  #tellServing({ serving, because }: Serving, state: RegionState | undefined): void {
    const isTeller = this.#candidacy.standing !== 'standby' || state === undefined;
    if (this.#told.serving === serving || !isTeller) return;
    const isFirst = this.#told.serving === undefined;
    this.#told.serving = serving;
    if (!isFirst) this.#record(serving ? 'serving-began' : 'serving-ended', because);
  }

  #record(event: string, because: string, details: Readonly<Record<string, unknown>> = {}): void {
    const term = this.#state.known?.state.lineage?.lineage.term ?? 0;
    this.#options.events.record({ event, term, because, details });
  }

  async #stop(): Promise<void> {
    clearInterval(this.#guard);
    this.#stopping.abort();
    await this.#running;
    await this.#lead.standBack();
  }
}
