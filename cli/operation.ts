/** Commands that change an environment declare it here. */
import { topicName } from '../lib/app/topics.ts'
import { audited, type Counts, type Operation } from '../lib/operations/audit.ts'
import { isUnknownTopic } from '../packages/runtime/adapters/kafka/errors.ts'
import type { CommandConnections } from './command-connections.ts'
import { requireTopic } from './connections.ts'
import { operatorOf } from './person.ts'

/**
 * Carries out an operation with connections that can write, and leaves its audit event. Without an operator who can be named, or a topic for the
 * event, nothing is changed.
 *
 * @param change raises the counts with each thing that it has changed
 * @throws CliFailure if nothing was begun; what `audited` throws
 */
export async function carryOut<T>(
  connections: CommandConnections,
  about: Operation,
  change: (counts: Counts) => Promise<T>,
): Promise<T> {
  const { config } = connections
  const by = await operatorOf(config)
  const topic = topicName('events', config.env)
  const publisher = await connections.publisher()
  // Topics can be made before there is an environment, or where there never is one.
  const hasNone = (error: unknown) => isUnknownTopic(error) && about.action.startsWith('topics ')
  const isTrailed = await publisher.partitionsOf(topic).then(
    () => true,
    error => !hasNone(error),
  )
  if (!isTrailed) return connections.writing(() => change({}))
  await requireTopic(publisher, topic, config)
  return connections.writing(() => audited({ by, config, publisher: async () => publisher }, about, change))
}
