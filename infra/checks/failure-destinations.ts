/** Checks the on-failure destinations of event source mappings. Pure. */

import type { DeclaredFunction } from '../../lib/app/functions.ts'
import type { Named } from '../../lib/app/names.ts'

/** Events of a function in the Serverless Framework. */
interface WithEvents {
  readonly events?: readonly object[]
}

interface KafkaEvent {
  readonly topic?: unknown
  readonly onFailureDestination?: unknown
}

/**
 * Returns an error for each on-failure destination that is a topic with readers, because they would process the discarded record as
 * a normal one. The topic `failures` is allowed, but not as a destination for its own readers.
 *
 * @param functions deployed functions with their events
 * @param declared entries of the same functions. They are needed because a forwarder reads topics without having an event source.
 * @returns one sentence per error
 */
export function findDestinationProblems(
  functions: Readonly<Record<string, WithEvents>>,
  declared: readonly Pick<DeclaredFunction, 'name' | 'forwards'>[],
  { env, names }: Named,
): string[] {
  const all = Object.entries(functions).flatMap(([name, { events = [] }]) =>
    events.flatMap(event => listKafkaEvents(event).map(kafkaEvent => ({ name, ...kafkaEvent }))),
  )
  const forwarded = declared.flatMap(({ name, forwards }) =>
    forwards.map(signal => ({ name, topic: names.topicName(signal, env) })),
  )
  const read = [...all.map(({ name, event }) => ({ name, topic: event.topic })), ...forwarded]
  const readers = (topic: string) => [
    ...new Set(read.filter(destination => destination.topic === topic).map(({ name }) => name)),
  ]
  return all.flatMap(({ name, kind, event }) => {
    const topic = findDestinationTopic(event)
    if (topic === undefined) return []
    const where = `functions.${name}.events.${kind}.onFailureDestination of serverless.yml: kafka://${topic}`
    const reading = readers(topic)
    const instead = `use kafka://${names.topicName('failures', env)}, or a topic that nothing reads.`
    if (reading.includes(name))
      return [
        `${where} is a topic that the function itself reads, so it would receive its discarded records again. Instead, ${instead}`,
      ]
    if (names.signalNamed(topic, env) === 'failures' || reading.length === 0) return []
    return [
      `${where} is a source topic of ${reading.join(', ')}, which would process discarded records as its own. Instead, ${instead}`,
    ]
  })
}

function listKafkaEvents(event: object): { readonly kind: 'msk' | 'kafka'; readonly event: KafkaEvent }[] {
  const { msk, kafka } = event as { readonly msk?: unknown; readonly kafka?: unknown }
  const found = [
    { kind: 'msk' as const, event: msk },
    { kind: 'kafka' as const, event: kafka },
  ]
  return found.flatMap(entry =>
    typeof entry.event === 'object' && entry.event !== null
      ? [{ ...entry, event: entry.event as KafkaEvent }]
      : [],
  )
}

function findDestinationTopic({ onFailureDestination: value }: KafkaEvent): string | undefined {
  return typeof value === 'string' ? /^kafka:\/\/(.+)$/.exec(value)?.[1] : undefined
}
