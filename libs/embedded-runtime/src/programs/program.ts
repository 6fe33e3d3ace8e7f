/**
 * One real program that the embedded runtime runs as a child process. A spec is plain data plus two questions; starting, watching,
 * restarting and stopping are the supervisor's, the same for every program.
 */
export interface ProgramSpec {
  /** Unique in the runtime, such as `east.kafka`: name of its log file and of its line in `status`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Further arguments of one start only: asked after `prepare`, before each. */
  argsOfThisStart?(): readonly string[];
  /** The whole environment of the child: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Further environment of one start only: asked before each. */
  envOfThisStart?(): Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Set for programs that refuse to run as root, when the runtime itself is root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** After this long without an exit the supervisor kills. */
  readonly stopTimeoutMs: number;
  /** A start that is not ready after this long has failed. */
  readonly startTimeoutMs: number;
  /** Makes data directories, writes configuration, formats storage. Idempotent; runs before every start. */
  prepare(): Promise<void>;
  /** Asks the program once, in its own protocol and within a second or so: undefined when it is ready, else what is missing. Never throws. */
  ready(): Promise<string | undefined>;
}
