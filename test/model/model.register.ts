import { assert } from '#kernel';
import type { Lineage } from '#contracts';
import { illegalSteps, type StoredLineage } from '#regions';

/** etcd's one key, as it behaves: linearizable, changed by compare-and-swap only; and all that ever stood there. */
export class ModelRegister {
  readonly history: StoredLineage[] = [];

  constructor(first: Lineage) {
    this.history.push({ revision: 1, lineage: first });
  }

  get stored(): StoredLineage {
    return this.history.at(-1)!;
  }

  compareAndSwap(expectedRevision: number, lineage: Lineage): boolean {
    const { revision, lineage: before } = this.stored;
    if (revision !== expectedRevision) return false;
    const illegal = illegalSteps(before, lineage);
    assert(illegal.length === 0, `illegal: ${illegal.join('; ')}`);
    this.history.push({ revision: revision + 1, lineage });
    return true;
  }
}
