/** Checks the on-failure destinations of event source mappings. Pure. */

import type { DeclaredFunction } from '../../lib/app/functions.ts'
import type { Named } from '../../lib/app/names.ts'
import { findDestinationTopic } from '../../packages/msk-trigger/config/destination-setting.ts'
import { findFifoFault } from '../../packages/msk-trigger/config/event-destination.ts'
import { type FunctionEvents, kafkaEvents } from '../../packages/msk-trigger/config/event-settings.ts'
import { NOTHING_KNOWN } from '../../packages/msk-trigger/config/resources.ts'

/**
 * Returns an error for each on-failure destination that is a topic with readers, because they would process the discarded record as
 * a normal one. The topic `failures` is allowed, but not as a destination for its own readers. A FIFO queue or topic is an error, too.
 *
 * @param functions deployed functions with their events
 * @param declared entries of the same functions. They are needed because a forwarder reads topics without having an event source.
 * @param resources resources of the service, to which destinations can refer
 * @returns one sentence per error
 */
export function findDestinationProblems(
  functions: FunctionEvents,
  declared: readonly Pick<DeclaredFunction, 'name' | 'forwards'>[],
  { env, names }: Named,
  resources = NOTHING_KNOWN.resources,
): string[] {
  const all = [...kafkaEvents(functions)]
  const forwarded = declared.flatMap(({ name, forwards }) =>
    forwards.map(signal => ({ name, topic: names.topicName(signal, env) })),
  )
  const read = [...all.map(({ functionKey: name, event }) => ({ name, topic: event.topic })), ...forwarded]
  const readers = (topic: string) => [
    ...new Set(read.filter(destination => destination.topic === topic).map(({ name }) => name)),
  ]
  return all.flatMap(kafkaEvent => {
    const { functionKey: name, kind, event } = kafkaEvent
    const topic = findDestinationTopic(event.onFailureDestination)
    if (topic === undefined) return findFifoFault(kafkaEvent, { ...NOTHING_KNOWN, resources }) ?? []
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
