/** Carries out commands that change an environment. */

import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { type Counts, type Operation, runAudited } from '../../lib/operations/audited-operation.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { requireTopic } from '../servers/kafka.ts'
import { resolveOperator } from './operator.ts'

/**
 * Carries out an operation with connections that permit writes, and writes its audit event. If the operator cannot be identified,
 * or the topic for the audit event is missing, nothing is changed.
 *
 * @param change carries out the operation, and increments the counts for each change. It receives the name of the operator.
 * @throws CliFailure if the operation was not started
 * @throws the errors of `runAudited`
 */
export async function carryOut<T>(
  connections: GuardedConnections,
  about: Operation,
  change: (counts: Counts, by: string) => Promise<T>,
): Promise<T> {
  const { config } = connections
  const by = await resolveOperator(config)
  const topic = config.names.topicName('events', config.env)
  const publisher = await connections.publisher()
  // Commands for topics may run before the topic for audit events exists.
  const hasNone = (error: unknown) => isUnknownTopic(error) && about.action.startsWith('topics ')
  const isAudited = await publisher.countPartitions(topic).then(
    () => true,
    error => !hasNone(error),
  )
  if (!isAudited) return connections.writing(() => change({}, by))
  await requireTopic(connections, topic)
  return runAudited({ by, connections }, about, counts => change(counts, by))
}
