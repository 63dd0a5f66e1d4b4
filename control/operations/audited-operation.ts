/** Audits changes that a person has requested. Two audit events are written for each: that it begins, and how it has ended. */
import { toOutgoingRecord } from '#runtime/cloudevents'
import { instant } from '#runtime/consumer'
import type { Publisher } from '#runtime/pipeline'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { Config } from '../environment/config.ts'
import type { ClockAndIds } from '../questions/environment.ts'
import type { GuardedConnections } from '../questions/guarded-connections.ts'
import { type Audit, auditEvent } from './audit-event.ts'

/** Change to make. */
export interface Change {
  /** Words of the operation's command. */
  readonly action: string
  readonly filter: Audit['filter']
  /** Plan to which the person has agreed. Defaults to the filter. */
  readonly plan?: Audit['filter']
  /** Id of the operation. A resumed operation keeps its id. Defaults to a new id. */
  readonly operation?: string
}

/** Counts by outcome, updated while an operation runs. They are audited even if the operation fails. */
export type Counts = Record<string, number>

/** Result of an operation, or the error that ended it. */
type Ended = { readonly result: unknown } | { readonly error: unknown }

/** Error for an operation that was at least partly completed, but whose audit event could not be written. */
export class NotAudited extends OperationFailure {
  override readonly name = 'NotAudited'
  readonly ended: Ended

  constructor(ended: Ended, cause: unknown) {
    const outcome = 'error' in ended ? (ended.error as Error).message : 'The operation is complete.'
    super(`${outcome} The audit event could not be written: ${(cause as Error).message}`, { cause })
    this.ended = ended
  }
}

/** Operator, and the connections for writing the audit event. */
export interface Trail extends ClockAndIds {
  readonly by: string
  readonly connections: Pick<GuardedConnections, 'writing'> & {
    readonly config: Pick<Config, 'env' | 'names' | 'contentMode'>
    readonly publisher: () => Promise<Publisher>
  }
}

/**
 * Makes a change with the permission to write. The first audit event is written before anything is changed, and the second one
 * also after a failure, so that an operation without a second event has been interrupted.
 *
 * @param work makes the change, and increments the counts with each part of it
 * @throws OperationFailure before any change if Kafka does not accept the first event
 * @throws errors of `work`
 * @throws NotAudited if a part was changed, and Kafka does not accept the second event
 */
export function runAudited<T>(
  { by, connections, nowMs, newId }: Trail,
  { action, filter, plan = filter, operation = newId() }: Change,
  work: (counts: Counts) => Promise<T>,
): Promise<T> {
  const { env, names, contentMode } = connections.config
  return connections.writing(async () => {
    const startedAt = instant(nowMs())
    const counts: Counts = {}
    const publish = async (rest: Pick<Audit, 'endedAt' | 'counts' | 'outcome' | 'plan'>) => {
      const event = auditEvent({ action, by, startedAt, operation, filter, ...rest })
      const record = toOutgoingRecord(names.topicName('events', env), by, event, contentMode)
      await (await connections.publisher()).publish([record])
    }
    await publish({ endedAt: startedAt, counts: {}, outcome: 'begun', plan }).catch(cause => {
      const { message } = cause as Error
      throw new OperationFailure(`Nothing was changed, because it could not be audited: ${message}`, {
        cause,
      })
    })
    const ended = await work(counts).then(
      result => ({ result }),
      (error: unknown) => ({ error }),
    )
    const outcome = 'result' in ended ? 'done' : 'failed'
    await publish({ endedAt: instant(nowMs()), counts, outcome }).catch(cause => {
      const isChanged = 'result' in ended || Object.values(counts).some(count => count > 0)
      if (isChanged) throw new NotAudited(ended, cause)
    })
    if ('error' in ended) throw ended.error
    return ended.result
  })
}
