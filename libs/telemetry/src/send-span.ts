import { type Attributes, SpanKind } from '@opentelemetry/api';
import { attributeNames, spanNames } from './names.ts';
import { openSpan, type OpenSpan } from './tracing.ts';

export interface SendSpan {
  readonly topic: string;
  readonly partition: number;
  readonly traceparent: string;
  readonly attributes: Attributes;
}

/** One record on its way into a topic. What is appended carries the span's `traceparent`, so that what follows from it is its child. */
export function openSendSpan({ topic, partition, traceparent, attributes }: SendSpan): OpenSpan {
  return openSpan(spanNames.send(topic), {
    traceparent,
    kind: SpanKind.PRODUCER,
    attributes: {
      [attributeNames.messagingSystem]: 'kafka',
      [attributeNames.messagingOperation]: 'send',
      [attributeNames.messagingOperationType]: 'send',
      [attributeNames.messagingDestination]: topic,
      [attributeNames.messagingPartition]: String(partition),
      ...attributes,
    },
  });
}
