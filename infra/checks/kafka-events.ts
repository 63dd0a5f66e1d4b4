/** Checks the Kafka events that function entries of serverless.yml list themselves. Pure. */

import { type DeclaredFunction, isConsumer } from '../../control/environment/functions.ts'
import type { Named } from '../../lib/app/naming/names.ts'
import { ROUTER } from '../../lib/failures/route.ts'
import { findDestinationTopic } from '../../packages/msk-trigger/config/destination-setting.ts'
import { findFifoFault } from '../../packages/msk-trigger/config/event-destination.ts'
import {
  type FunctionEvents,
  type KafkaEvent,
  kafkaEvents,
} from '../../packages/msk-trigger/config/event-settings.ts'
import { NOTHING_KNOWN } from '../../packages/msk-trigger/config/resources.ts'

/** Settings by which Lambda discards or splits the batches of a consumer, with the values by which it does not. */
const WHOLE_BATCHES = {
  maximumRetryAttempts: -1,
  maximumRecordAgeInSeconds: -1,
  bisectBatchOnFunctionError: false,
}

/**
 * Returns errors for Kafka events that would discard records of a consumer, or send discarded records to a topic with readers. These
 * would process them as normal records. A FIFO queue or topic as destination is an error, too.
 *
 * @param functions deployed functions with their events
 * @param declared entries of the same functions. They are needed because a forwarder reads topics without having an event source.
 * @param resources resources of the service, to which destinations can refer
 * @returns one sentence per error
 */
export function findEventProblems(
  functions: FunctionEvents,
  declared: readonly Pick<DeclaredFunction, 'name' | 'consumes' | 'inputs' | 'forwards'>[],
  { env, names }: Named,
  resources = NOTHING_KNOWN.resources,
): string[] {
  const all = [...kafkaEvents(functions)]
  const consumers = new Set(declared.filter(isConsumer).map(({ name }) => name))
  const forwarded = declared.flatMap(({ name, forwards }) =>
    forwards.map(signal => ({ name, topic: names.topicName(signal, env) })),
  )
  const read = [
    // The failures topic has this reader, even if another service deploys it.
    { name: ROUTER, topic: names.topicName('failures', env) },
    ...all.map(({ functionKey: name, event }) => ({ name, topic: event.topic })),
    ...forwarded,
  ]
  const listReaders = (topic: string) => [
    ...new Set(read.filter(reader => reader.topic === topic).map(({ name }) => name)),
  ]
  const context = { ...NOTHING_KNOWN, resources }
  return all.flatMap(event => [
    ...(consumers.has(event.functionKey) ? findDiscardProblems(event) : []),
    ...findDestinationProblems(event, listReaders),
    ...[findFifoFault(event, context) ?? []].flat(),
  ])
}

function findDiscardProblems(kafkaEvent: KafkaEvent): string[] {
  const { event } = kafkaEvent
  const where = (setting: string) => locate(kafkaEvent, setting)
  const limiting = Object.entries(WHOLE_BATCHES).filter(
    ([setting, none]) => (event[setting as keyof typeof WHOLE_BATCHES] ?? none) !== none,
  )
  const hasLossyRegistry = event.schemaRegistryConfig && !event.onFailureDestination
  return [
    ...limiting.map(
      ([setting]) =>
        `${where(setting)}: Lambda must retry each batch of a consumer whole, until it succeeds. Remove the setting.`,
    ),
    ...(hasLossyRegistry
      ? [
          `${where('schemaRegistryConfig')}: Lambda discards records that it cannot decode. Set onFailureDestination to a queue, an SNS ` +
            'topic, a bucket, or a Kafka topic that nothing reads.',
        ]
      : []),
  ]
}

function findDestinationProblems(
  kafkaEvent: KafkaEvent,
  listReaders: (topic: string) => readonly string[],
): string[] {
  const { functionKey: name, event } = kafkaEvent
  const topic = findDestinationTopic(event.onFailureDestination)
  const readers = topic === undefined ? [] : listReaders(topic)
  if (readers.length === 0) return []
  const why = readers.includes(name)
    ? 'a topic that the function itself reads, so it would receive its discarded records again'
    : `a source topic of ${readers.join(', ')}, which would process discarded records as its own`
  return [
    `${locate(kafkaEvent, 'onFailureDestination')}: kafka://${topic} is ${why}. Instead, use a topic that nothing reads.`,
  ]
}

/** Returns the place of a setting in messages. */
function locate({ functionKey, kind }: KafkaEvent, setting: string): string {
  return `functions.${functionKey}.events.${kind}.${setting} of serverless.yml`
}
