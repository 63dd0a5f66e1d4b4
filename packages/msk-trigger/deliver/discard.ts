import type { Destination } from '../config/destination-setting.ts'
import { partitionName } from '../invoke/event.ts'
import { type Attempts, type Backoff, delayAfter, shouldLog } from '../report/attempts.ts'
import { rootMessage, withoutStack } from '../report/explain-error.ts'
import type { MappingReports } from '../report/reports.ts'
import { countRecords, describe } from '../support/partition-records.ts'
import type { Log } from '../support/serverless.ts'
import { pause } from '../support/wait.ts'
import type { Sender } from './destinations.ts'
import type { DiscardedRecords } from './invocation-record.ts'

export interface DiscardContext {
  readonly name: string
  readonly topic: string
  readonly log: Log
  readonly reports: Pick<MappingReports, 'reportStall' | 'reportResume' | 'reportDiscard'>
  readonly backoff: Backoff
  /** Counts attempts to send to the destination. */
  readonly sending: Attempts
  readonly ending: AbortSignal
  readonly destination: Destination | undefined
  readonly sender: Sender | undefined
}

/**
 * Sends records to the destination, and retries until they have arrived. They may be committed only after that. Without a
 * destination, the records are dropped with a log line.
 *
 * @returns the discarded records, except records of revoked partitions; empty if the trigger was stopped before the records arrived
 */
export async function discard(
  discarded: DiscardedRecords,
  why: string,
  isHeld: (partition: number) => boolean,
  to: DiscardContext,
): Promise<DiscardedRecords['parts']> {
  for (;;) {
    const parts = discarded.parts.filter(({ partition }) => isHeld(partition))
    if (parts.length === 0) return []
    const which = describe(parts, partition => partitionName(to.topic, partition))
    const summary = withoutStack(why)
    // The stack of a retried batch was already logged after its first attempt.
    const stack = discarded.invocations === 1 ? why.slice(summary.length) : ''
    // The line adds a period of its own.
    const reason = `${discarded.condition}, ${summary}`.replace(/\.$/, '')
    const what = `${to.name}  ${which} discarded: ${reason}`
    const records = countRecords(parts)
    if (!to.sender) {
      to.reports.reportDiscard({ reason, records, destination: null })
      to.log.error(`${what}. There is no destination${stack}`)
      return parts
    }
    const where = to.destination ? destinationName(to.destination) : ''
    let attempt = 1
    try {
      await to.sender.send({ ...discarded, parts })
      to.sending.clearFailures()
      const partitions = parts.map(({ partition }) => partition)
      to.reports.reportResume('destination', partitions)
      to.reports.reportDiscard({ reason, records, destination: where })
      to.log.warning(`${what}. Sent to ${where}${stack}`)
      return parts
    } catch (error) {
      if (to.ending.aborted) return []
      attempt = to.sending.addFailure()
      const message = rootMessage(error)
      const notSent = `not sent to ${where}: ${message}`
      const held = parts.filter(({ partition }) => isHeld(partition))
      to.reports.reportStall({ obstacle: 'destination', kind: 'error', reason: notSent, attempt }, held)
      if (shouldLog(attempt)) {
        to.log.error(
          `${to.name}  ${which} cannot be discarded yet: ${reason}. ` +
            `Not sent to ${where} (attempt ${attempt}), retrying: ${message}`,
        )
      }
    }
    await pause(delayAfter(attempt, to.backoff), to.ending)
    if (to.ending.aborted) return []
  }
}

/** Returns the name of a destination in logs and reports. */
function destinationName(destination: Destination): string {
  return destination.kind === 'kafka' ? `kafka://${destination.topic}` : destination.arn
}
