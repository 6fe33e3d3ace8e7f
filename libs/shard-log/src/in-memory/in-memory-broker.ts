import { InMemoryCluster } from './in-memory-cluster.ts';
import { InMemoryLogs } from './in-memory-logs.ts';

/** One region's Kafka, in memory. */
export class InMemoryBroker extends InMemoryLogs {
  /** One more process's client. */
  connect(): InMemoryCluster {
    return new InMemoryCluster(this);
  }
}
