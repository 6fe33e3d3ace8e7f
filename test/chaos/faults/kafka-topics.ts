import type { Region } from '#contracts';
import { archivedClasses, defaultKafkaJars, runJava } from '#embedded-runtime';
import type { Ground } from './blow.ts';

const toolTimeoutMs = 90_000;

/** Deletes topics of a region's cluster with Kafka's own tool. One that does not exist is no error. @throws Error with what the tool says */
export async function deleteTopics({ system }: Ground, region: Region, topics: readonly string[]): Promise<void> {
  const brokers = system.topology.regions[region]!.kafka.brokers.join(',');
  const pattern = topics.map((topic) => topic.replaceAll('.', '\\.')).join('|');
  await runJava({
    jars: defaultKafkaJars(),
    mainClass: 'org.apache.kafka.tools.TopicCommand',
    archive: archivedClasses.broker,
    heapMb: 64,
    args: ['--bootstrap-server', brokers, '--delete', '--if-exists', '--topic', pattern],
    timeoutMs: toolTimeoutMs,
  });
}
