/**
 * One call: the tries, one after the other or two at once, until one answer counts or time is over. The rules are the pure ones of
 * `core/`; this file only runs them: it starts tries, waits, and cancels what nobody needs any more.
 */
import { type TryOutcome, judge, refusalAfterDoubt, type Verdict } from './core/judge.ts';
import { type CallState, type Endpoint, nextStep, pauseAfter, type RunningTry } from './core/next-step.ts';
import type { ApiProblem } from './core/problem.ts';
import type { RegionBook } from './region-book.ts';
import { tryOnce } from './try-once.ts';

export interface Call<Value> {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly body: string | undefined;
  /** Asked for each try: a token may be renewed meanwhile. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** The value of a success; undefined when the body is not what the API answers. */
  readonly read: (status: number, body: unknown) => Value | undefined;
  /** An earlier call of the same key may have been acted on. */
  readonly doubt: boolean;
  readonly limits: CallLimits;
  readonly signal: AbortSignal;
}

export interface CallLimits {
  readonly deadlineMs: number;
  readonly tryTimeoutMs: number;
  readonly triesMax: number;
  readonly hedgeAfterMs: number | undefined;
  readonly pauseFirstMs: number;
  readonly pauseMaxMs: number;
}

export interface CallFacts {
  readonly tries: number;
  readonly tookMs: number;
}

export type CallEnd<Value> = CallFacts &
  (
    | { readonly end: 'success'; readonly status: number; readonly value: Value; readonly endpoint: Endpoint }
    | { readonly end: 'refusal'; readonly problem: ApiProblem }
    /** `doubt`: a write may have been acted on. */
    | {
        readonly end: 'none';
        readonly because: 'deadline' | 'tries' | 'cancelled';
        readonly doubt: boolean;
        readonly problem: ApiProblem | undefined;
        readonly reason: string;
      }
  );

interface Under extends RunningTry {
  readonly ending: AbortController;
  readonly probes: boolean;
}

/** What other parts of the client hear of an answer. */
export interface CallWitness {
  readonly answered: (headers: Headers) => void;
  readonly failed: () => void;
}

export class RunningCall<Value> {
  readonly #call: Call<Value>;
  readonly #book: RegionBook;
  readonly #witness: CallWitness;
  readonly #startedMs = performance.now();
  readonly #bars = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #running: readonly Under[] = [];
  #started = 0;
  #lastEndMs = this.#startedMs;
  #doubt: boolean;
  #refusal: ApiProblem | undefined;
  #lastProblem: ApiProblem | undefined;
  #lastReason = 'nobody was asked';
  #success: { status: number; value: Value; endpoint: Endpoint; startedMs: number } | undefined;
  #fault: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(call: Call<Value>, book: RegionBook, witness: CallWitness) {
    this.#call = call;
    this.#book = book;
    this.#witness = witness;
    this.#doubt = call.doubt;
  }

  /** Rejects only with what `headers` threw: then this call sent nothing more. */
  async run(): Promise<CallEnd<Value>> {
    const { signal } = this.#call;
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake);
    try {
      return await this.#untilEnd();
    } finally {
      signal.removeEventListener('abort', wake);
      this.#cancelRest();
    }
  }

  async #untilEnd(): Promise<CallEnd<Value>> {
    for (;;) {
      const nowMs = performance.now();
      if (this.#success !== undefined) return { ...this.#facts(), end: 'success', ...this.#success };
      if (this.#fault !== undefined) throw this.#fault.error;
      if (this.#call.signal.aborted) return this.#none('cancelled');
      if (this.#refusal !== undefined && this.#settles(this.#refusal)) return this.#refused();
      const step = nextStep(this.#state(), this.#book.landscape, nowMs);
      if (step.do === 'try') this.#start(step.endpoint, nowMs);
      else if (step.do === 'wait') await this.#wakenBy(step.untilMs - nowMs);
      else if (step.because === 'answered') return this.#refused();
      else return this.#none(step.because);
    }
  }

  #state(): CallState {
    const { deadlineMs, triesMax, hedgeAfterMs, pauseMaxMs } = this.#call.limits;
    return {
      deadlineMs: this.#startedMs + deadlineMs,
      triesMax,
      hedgeAfterMs,
      pauseMaxMs,
      started: this.#started,
      lastEndMs: this.#lastEndMs,
      running: this.#running,
      bars: this.#bars,
      failures: this.#failures,
      winding: this.#refusal !== undefined,
    };
  }

  #start(endpoint: Endpoint, nowMs: number): void {
    const { tryTimeoutMs, deadlineMs } = this.#call.limits;
    const timeoutMs = Math.max(1, Math.min(tryTimeoutMs, this.#startedMs + deadlineMs - nowMs));
    const under: Under = {
      endpoint,
      startedMs: nowMs,
      ending: new AbortController(),
      probes: this.#book.tryStarted(endpoint, nowMs, timeoutMs),
    };
    this.#started += 1;
    this.#running = [...this.#running, under];
    this.#send(under, timeoutMs).catch((error: unknown) => {
      this.#running = this.#running.filter((other) => other !== under);
      this.#fault ??= { error };
      this.#wake();
    });
  }

  async #send(under: Under, timeoutMs: number): Promise<void> {
    const { method, path, body, headers } = this.#call;
    const { endpoint, ending } = under;
    const { signal } = ending;
    const { outcome, headers: answered } = await tryOnce({
      url: endpoint.url + path,
      method,
      headers: await headers(),
      body,
      timeoutMs,
      signal,
    });
    if (!this.#running.includes(under)) return; // given up meanwhile: its end was accounted for then
    this.#running = this.#running.filter((other) => other !== under);
    if (answered !== undefined) this.#witness.answered(answered);
    if (outcome !== 'cancelled') this.#ended(under, outcome);
    this.#wake();
  }

  #ended({ endpoint, startedMs }: Under, outcome: TryOutcome): void {
    const nowMs = performance.now();
    const verdict = judge(outcome, this.#call.read, Date.now());
    this.#lastEndMs = nowMs;
    this.#book.tryEnded(endpoint, verdict, nowMs);
    switch (verdict.is) {
      case 'success':
        this.#success ??= { status: verdict.status, value: verdict.value, endpoint, startedMs };
        return;
      case 'refusal':
        this.#refusedBy(endpoint, verdict.problem, nowMs);
        return;
      case 'again':
        this.#again(endpoint, verdict, nowMs);
    }
  }

  /** A refusal that needs no other try's end: of a read, or one that any other try of the write would have met too. */
  #settles(problem: ApiProblem): boolean {
    return this.#call.method === 'GET' || refusalAfterDoubt(problem) === 'final';
  }

  /** Else held until the tries that still run have ended: one of them may have been the one that did it. */
  #refusedBy(endpoint: Endpoint, problem: ApiProblem, nowMs: number): void {
    this.#lastProblem = problem;
    this.#lastReason = `${problem.status} ${problem.code}`;
    if (this.#call.method === 'POST' && this.#doubt && refusalAfterDoubt(problem) === 'ask-again') this.#bar([endpoint], undefined, nowMs);
    else this.#refusal = problem;
  }

  #again(endpoint: Endpoint, verdict: Extract<Verdict<Value>, { is: 'again' }>, nowMs: number): void {
    this.#doubt ||= verdict.maybeDone && this.#call.method === 'POST';
    if (this.#doubt && this.#refusal !== undefined && refusalAfterDoubt(this.#refusal) === 'ask-again') this.#refusal = undefined;
    this.#lastProblem = verdict.problem ?? this.#lastProblem;
    this.#lastReason = `${endpoint.url}: ${verdict.reason}`;
    this.#bar(verdict.everywhere ? this.#book.landscape.endpoints : [endpoint], verdict.retryAfterMs, nowMs);
    this.#witness.failed();
  }

  #bar(endpoints: readonly Endpoint[], retryAfterMs: number | undefined, nowMs: number): void {
    const { pauseFirstMs, pauseMaxMs } = this.#call.limits;
    for (const { url } of endpoints) {
      const failures = (this.#failures.get(url) ?? 0) + 1;
      this.#failures.set(url, failures);
      const pauseMs = pauseAfter(failures, pauseFirstMs, pauseMaxMs, Math.random());
      this.#bars.set(url, nowMs + Math.max(pauseMs, retryAfterMs ?? 0));
    }
  }

  #refused(): CallEnd<Value> {
    const problem = this.#refusal!;
    return this.#settles(problem) || !this.#doubt ? { ...this.#facts(), end: 'refusal', problem } : this.#none('tries');
  }

  #none(because: 'deadline' | 'tries' | 'cancelled'): CallEnd<Value> {
    // What still runs may be acted on, whether or not its answer is waited for.
    const doubt = this.#call.method === 'POST' && (this.#doubt || this.#running.length > 0);
    return { ...this.#facts(), end: 'none', because, doubt, problem: this.#lastProblem, reason: this.#lastReason };
  }

  #facts(): CallFacts {
    return { tries: this.#started, tookMs: performance.now() - this.#startedMs };
  }

  /** A try that was overtaken by a later one, or by the deadline, was too slow: its address rests. */
  #cancelRest(): void {
    const nowMs = performance.now();
    const overdue = nowMs >= this.#startedMs + this.#call.limits.deadlineMs;
    for (const { endpoint, startedMs, ending, probes } of this.#running) {
      if (overdue || (this.#success !== undefined && startedMs < this.#success.startedMs)) this.#book.silent(endpoint, nowMs);
      else if (probes) this.#book.probeAbandoned(endpoint, nowMs);
      ending.abort();
    }
    this.#running = [];
  }

  #wakenBy(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
