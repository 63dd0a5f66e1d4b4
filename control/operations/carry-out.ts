/**
 * Carries out operations, in every face: nothing is changed that could not be audited, except by those that create the topic of the
 * audit. Writes are permitted only meanwhile.
 */
import { isUnknownTopic } from '#runtime/operating/servers'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import type { Fields } from '../questions/field.ts'
import { missingTopic } from '../questions/kafka.ts'
import type { Audit } from './audit-event.ts'
import { type Change, type Counts, NotAudited, runAudited } from './audited-operation.ts'
import { type ChangedEnvironment, type Operation, PartlyDone, type Running } from './operation.ts'

/** Change and its operator. */
interface PersonalChange extends Change {
  readonly by: string
  /** True for a change that is made even before the topic for audit events exists. */
  readonly mayBeFirst?: boolean | undefined
}

/**
 * Makes a change with connections that permit writes, and writes its audit events. If the topic for them is missing,
 * nothing is changed, unless the change may be the first.
 *
 * @param work makes the change, and increments the counts with each part of it
 * @throws Failure if there is no topic for the audit event
 * @throws the errors of `work` and of `runAudited`
 */
export async function changeAudited<T>(
  { connections, nowMs, newId }: Pick<ChangedEnvironment, 'connections' | 'nowMs' | 'newId'>,
  { by, mayBeFirst, ...change }: PersonalChange,
  work: (counts: Counts) => Promise<T>,
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
  return isThere
    ? runAudited({ by, connections, nowMs, newId }, change, work)
    : connections.writing(() => work({}))
}

/** Returns what a person agrees to with a plan, to compare it with that of a later plan. */
export function toAgreement<Of extends Fields, Plan, Result>(
  operation: Operation<Of, Plan, Result>,
  plan: Plan,
): Audit['filter'] {
  return { ...(operation.toAgreement?.(plan) ?? operation.toAudit(plan)) }
}

/**
 * Carries out the plan of an operation.
 *
 * @param words words of its command
 * @throws PartlyDone with the result so far if it stopped early, or could not be audited
 * @throws the errors of `changeAudited` if nothing was done
 */
export async function carryOutPlan<Of extends Fields, Plan, Result>(
  words: string,
  operation: Operation<Of, Plan, Result>,
  environment: ChangedEnvironment,
  plan: Plan,
  running: Omit<Running, 'counts'>,
): Promise<Result> {
  const { by, id } = running
  const change = {
    action: words,
    filter: operation.toAudit(plan),
    plan: toAgreement(operation, plan),
    operation: id,
    by,
    mayBeFirst: operation.mayBeFirst ?? operation.mayLackAudit,
  }
  try {
    return await changeAudited(environment, change, counts =>
      operation.carryOut(environment, plan, { ...running, counts }),
    )
  } catch (error) {
    if (!(error instanceof NotAudited)) throw error
    const { ended } = error
    if ('result' in ended) throw new PartlyDone(ended.result, error, { isStopped: false })
    throw ended.error instanceof PartlyDone ? new PartlyDone(ended.error.result, error) : error
  }
}
