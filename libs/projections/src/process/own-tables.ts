import { OtherDefinitionError } from '../batch-writer.ts';
import type { ProjectionDatabase } from '../postgres/database.ts';
import { standingOf } from '../postgres/live-tables.ts';
import { migrate, type MigrationClass } from '../postgres/migrate.ts';
import { swapBack } from '../postgres/swap-schemas.ts';
import type { ProjectorDefinition, ProjectorLog } from '../projection.port.ts';
import type { RebuildJob } from './rebuild-job.ts';

export interface OwnTablesOptions<Event extends { readonly type: string }, State> {
  readonly database: ProjectionDatabase;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly migrations: readonly MigrationClass[];
  readonly rebuildJob: Pick<RebuildJob, 'run'>;
  readonly log: ProjectorLog;
}

/**
 * A projector's tables, made sure of before it writes. Missing ones are rebuilt from the log, and are not there until they are complete: a read
 * hears 503, never half of the truth. Those of another version go on serving until this one's are ready beside them; if the last rebuild
 * replaced this version's own, they are taken back. An instance whose tables were replaced by another version while it ran stands by.
 */
export class OwnTables<Event extends { readonly type: string }, State> {
  readonly #options: OwnTablesOptions<Event, State>;
  #haveServed = false;

  constructor(options: OwnTablesOptions<Event, State>) {
    this.#options = options;
  }

  /** Whether they were there, since this process started. */
  get haveServed(): boolean {
    return this.#haveServed;
  }

  async prepare(): Promise<void> {
    const { database, definition, migrations, rebuildJob, log } = this.#options;
    const standing = await standingOf(database.pool, database.schema, definition);
    if (standing === 'other') {
      if (this.#haveServed) throw new OtherDefinitionError('another version has taken the tables over; this instance stands by');
      const outcome = await swapBack(database.pool, database.schema, definition);
      log.info({ projector: definition.name, outcome }, 'the tables are of another version');
      if (outcome !== 'undone') await rebuildJob.run();
    } else if (standing === 'absent') {
      log.info({ projector: definition.name }, 'the tables are not there: they are rebuilt from the log');
      await rebuildJob.run();
    }
    // Of the same definition, and yet a later build may have added an index.
    await migrate({ url: database.url, schema: database.schema, migrations });
    this.#haveServed = true;
  }
}
