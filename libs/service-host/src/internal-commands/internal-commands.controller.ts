import { Body, Controller, type DynamicModule, HttpCode, HttpStatus, Inject, Module, Post } from '@nestjs/common';
import {
  commandEnvelopeSchema,
  type CommandEnvelope,
  type InternalCommandAnswer,
  internalCommandsPath,
  type Region,
  type Service,
  shardOf,
  type Topology,
} from '#contracts';
import { decideDeadlineMs, notOwnedHere, problem, ProblemError, refusalProblem, RequireRole, settledWrite, ZodPipe } from '#service-kit';
import type { CommandGateway } from '#shard-log';

export interface InternalCommandsOptions {
  readonly service: Service;
  readonly region: Region;
  readonly topology: Pick<Topology, 'partitions' | 'regions'>;
  readonly gateway: CommandGateway;
  /** Throws when it is no command of this service. */
  readonly parseCommand: (command: unknown) => { readonly type: string };
}

const OPTIONS = Symbol('evenkeel:internal-commands');

/**
 * `POST /internal/commands`: another region's agent hands over a command that was stranded there, under its first id. It goes the way of every command,
 * and is answered when its decision is settled: until then it might be stranded here too, so whoever hands it over must not forget it.
 */
@Controller()
export class InternalCommandsController {
  readonly #options: InternalCommandsOptions;
  constructor(@Inject(OPTIONS) options: InternalCommandsOptions) {
    this.#options = options;
  }

  @Post(internalCommandsPath)
  @RequireRole('region-agent')
  @HttpCode(HttpStatus.ACCEPTED)
  async take(@Body(new ZodPipe(commandEnvelopeSchema, 'body')) envelope: CommandEnvelope): Promise<InternalCommandAnswer> {
    const { gateway, region } = this.#options;
    const { shard, commandId, correlation, traceparent } = envelope;
    const command = this.#checked(envelope);
    const owner = gateway.ownerOf(shard);
    if (owner !== region) throw notOwnedHere(owner);
    const answer = await gateway.decide({
      shard,
      key: correlation,
      commandId,
      correlation,
      traceparent,
      command,
      deadlineMs: decideDeadlineMs,
    });
    try {
      const { changed } = settledWrite(answer, shard, ({ code }) => new Refused(code));
      return { outcome: changed ? 'accepted' : 'done-before' };
    } catch (error) {
      if (error instanceof Refused) return { outcome: 'refused', refusal: error.code };
      throw error;
    }
  }

  #checked({ shard, command }: CommandEnvelope): { readonly type: string } {
    const { service, topology, parseCommand } = this.#options;
    const { service: of, home, partition } = shardOf(shard);
    if (of !== service || partition >= topology.partitions || topology.regions[home] === undefined)
      throw problem('invalid-request', { errors: [{ field: 'shard', message: `is no shard of the ${service} service` }] });
    try {
      return parseCommand(command);
    } catch (cause) {
      throw problem('invalid-request', { errors: [{ field: 'command', message: `is no command of the ${service} service` }], cause });
    }
  }
}

/** A refusal is an answer here: the command is decided, and need not be handed over again. */
class Refused extends ProblemError {
  constructor(code: string) {
    const { status, title } = refusalProblem(code, HttpStatus.CONFLICT);
    super(code, { status, title });
  }
}

@Module({})
class InternalCommandsModule {}

export const internalCommandsModule = (options: InternalCommandsOptions): DynamicModule => ({
  module: InternalCommandsModule,
  controllers: [InternalCommandsController],
  providers: [{ provide: OPTIONS, useValue: options }],
});
