/** Operations: changes that a person asks for, each with the audit event that it leaves. */
import { randomUUID } from 'node:crypto'
import { producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { Publisher } from '../../packages/runtime/pipeline/ports.ts'
import type { Config } from '../app/config.ts'
import { topicName } from '../app/topics.ts'
import { type Action, type Audit, auditEvent } from '../audit.ts'
import { OperationFailure } from './failure.ts'

/** An operation that is about to begin. */
export interface Operation {
  readonly action: Action
  readonly filter: Audit['filter']
  /** Identifies it; the same if it was stopped and resumed. Random by default. */
  readonly operation?: string
}

/** Counts by outcome, raised as an operation works: they are audited however it ends. */
export type Counts = Record<string, number>

/** The operation was carried out, at least in part, and its audit event was not written. */
export class NotAudited extends OperationFailure {
  override readonly name = 'NotAudited'
}

/** The operator, and the destination of the audit event. */
export interface Trail {
  readonly by: string
  readonly config: Pick<Config, 'env' | 'contentMode'>
  readonly publisher: () => Promise<Publisher>
}

/**
 * Carries out an operation, and leaves its audit event. One that fails leaves it if something was changed before that.
 *
 * @param change raises the counts with each thing that it has changed
 * @throws what `change` throws; NotAudited if Kafka does not take the audit event
 */
export async function audited<T>(
  { by, config, publisher }: Trail,
  { action, filter, operation = randomUUID() }: Operation,
  change: (counts: Counts) => Promise<T>,
): Promise<T> {
  const startedAt = instant(Date.now())
  const counts: Counts = {}
  const ended = await change(counts).then(
    result => ({ result }),
    (error: unknown) => ({ error }),
  )
  if ('result' in ended || Object.values(counts).some(count => count > 0)) {
    const audit: Audit = { action, by, startedAt, endedAt: instant(Date.now()), operation, filter, counts }
    try {
      await leaveAudit(await publisher(), config, audit)
    } catch (cause) {
      const outcome = 'error' in ended ? (ended.error as Error).message : 'It is done.'
      const { message } = cause as Error
      throw new NotAudited(`${outcome} Its audit event could not be written: ${message}`, { cause })
    }
  }
  if ('error' in ended) throw ended.error
  return ended.result
}

/** Appends the audit event to the topic `events`. @throws Unavailable or RefusedByKafka if Kafka does not take it */
export async function leaveAudit(
  publisher: Publisher,
  { env, contentMode }: Pick<Config, 'env' | 'contentMode'>,
  audit: Audit,
): Promise<void> {
  await publisher.publish([
    producedRecord(topicName('events', env), audit.by, auditEvent(audit), contentMode),
  ])
}
