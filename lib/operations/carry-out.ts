/** Carries out operations, in every face: nothing is changed that could not be audited, and writes are permitted only meanwhile. */
import { isUnknownTopic } from '#runtime/operating/servers'
import { awaitKafkaAnswer } from '../queries/kafka/kafka-answers.ts'
import type { GuardedConnections } from '../questions/guarded-connections.ts'
import { missingTopic } from '../questions/kafka.ts'
import type { Audit } from './audit-event.ts'
import { type Counts, NotAudited, type Operation, runAudited } from './audited-operation.ts'
import { type AnyOperation, type ChangedEnvironment, PartlyDone, type Running } from './operation.ts'

/** Change to carry out, and its operator. */
interface Change extends Operation {
  readonly by: string
  /** True for a change that is made even before the topic for audit events exists. */
  readonly mayBeFirst?: boolean | undefined
}

/**
 * Makes a change with connections that permit writes, and writes its audit event. If the topic for the audit event is missing,
 * nothing is changed.
 *
 * @param change makes the change, and increments the counts with each part of it
 * @throws Failure if there is no topic for the audit event
 * @throws the errors of `change` and of `runAudited`
 */
export async function carryOut<T>(
  connections: GuardedConnections,
  { by, mayBeFirst, ...about }: Change,
  change: (counts: Counts) => Promise<T>,
): Promise<T> {
  const { config } = connections
  const publisher = await connections.publisher()
  const topic = config.names.topicName('events', config.env)
  const isThere = await awaitKafkaAnswer(`topic ${topic}`, publisher.countPartitions(topic)).then(
    () => true,
    error => {
      if (!isUnknownTopic(error)) throw error
      return false
    },
  )
  if (!isThere && !mayBeFirst) throw missingTopic(config, topic)
  return isThere ? runAudited({ by, connections }, about, change) : connections.writing(() => change({}))
}

/** Returns what a person agrees to with a plan, to compare it with that of a later plan. */
export function toAgreement(operation: AnyOperation, plan: unknown): Audit['filter'] {
  return { ...(operation.toAgreement?.(plan) ?? operation.toAudit(plan)) }
}

/**
 * Carries out the plan of an operation.
 *
 * @throws PartlyDone with the result so far if it stopped early, or could not be audited
 * @throws the errors of `carryOut` if nothing was done
 */
export async function carryOutPlan(
  operation: AnyOperation,
  environment: ChangedEnvironment,
  plan: unknown,
  running: Omit<Running, 'counts'>,
): Promise<unknown> {
  const { mayBeFirst, action } = operation
  const about = {
    action: operation.toAction?.(plan) ?? action,
    filter: operation.toAudit(plan),
    operation: running.id,
  }
  try {
    return await carryOut(environment.connections, { ...about, by: running.by, mayBeFirst }, counts =>
      operation.carryOut(environment, plan, { ...running, counts }),
    )
  } catch (error) {
    if (!(error instanceof NotAudited)) throw error
    const { ended } = error
    if ('result' in ended) throw new PartlyDone(ended.result, error, { isStopped: false })
    throw ended.error instanceof PartlyDone ? new PartlyDone(ended.error.result, error) : error
  }
}
