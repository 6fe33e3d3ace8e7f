import { startTestBroker } from '#test-kit';
import { connectKafkaCluster } from '#shard-log';
import { clusterContract } from '../../libs/shard-log/src/cluster.contract.ts';

clusterContract('Kafka', async () => {
  const broker = await startTestBroker();
  return {
    connect: () => connectKafkaCluster({ brokers: broker.brokers, clientId: 'contract', onTrouble: (w, e) => console.log(w, e.message) }),
    stop: () => broker.stop(),
  };
});
