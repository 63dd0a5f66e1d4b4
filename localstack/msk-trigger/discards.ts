import type { Attempts } from './attempts.ts'
import { type Backoff, delayAfter, isWorthALine } from './backoff.ts'
import type { Destination } from './destination.ts'
import type { Sender } from './destinations.ts'
import { partitionName } from './event.ts'
import { explainShortly } from './explain.ts'
import type { Log } from './framework.ts'
import type { GivenUp } from './invocation-record.ts'
import { countOf, describe } from './parts.ts'
import type { MappingReports } from './reports.ts'
import { pause } from './wait.ts'

/** What it takes to give records up. */
export interface Discards {
  readonly name: string
  readonly topic: string
  readonly log: Log
  readonly reports: Pick<MappingReports, 'stalled' | 'resumed' | 'discarded'>
  readonly backoff: Backoff
  /** Of sending to the destination. */
  readonly sending: Attempts
  /** Aborted when the trigger ends. */
  readonly ending: AbortSignal
  readonly destination: Destination | undefined
  /** Present where a destination is. */
  readonly sender: Sender | undefined
}

/**
 * Sends records to the destination, and tries until it has them: before that nothing of them is committed, so none is
 * lost. Without a destination they are discarded with a line that names them. Returns what was given up: not the
 * partitions that were lost meanwhile, and nothing when the trigger ended first.
 *
 * @param why said where nothing else tells what became of them.
 */
export async function giveUpSurely(
  givenUp: GivenUp,
  why: string,
  isHeld: (partition: number) => boolean,
  to: Discards,
): Promise<GivenUp['parts']> {
  for (;;) {
    const parts = givenUp.parts.filter(({ partition }) => isHeld(partition))
    if (parts.length === 0) return []
    const which = describe(parts, partition => partitionName(to.topic, partition))
    const reason = `${givenUp.condition}, ${why}`
    const what = `${to.name}  ${which} given up: ${reason}`
    const records = countOf(parts)
    if (!to.sender) {
      to.reports.discarded({ reason, records, destination: null })
      to.log.error(`${what}. There is no destination: discarded`)
      return parts
    }
    const where = nameOf(to.destination)
    let attempt = 1
    try {
      await to.sender.send({ ...givenUp, parts })
      to.sending.succeeded()
      const partitions = parts.map(({ partition }) => partition)
      to.reports.resumed('destination', partitions)
      to.reports.discarded({ reason, records, destination: where })
      to.log.warning(`${what}. Sent to ${where}`)
      return parts
    } catch (error) {
      if (to.ending.aborted) return []
      attempt = to.sending.failed()
      const notSent = `not sent to ${where}: ${explainShortly(error)}`
      to.reports.stalled({ obstacle: 'destination', kind: 'error', reason: notSent, attempt }, parts)
      if (isWorthALine(attempt)) {
        to.log.error(
          `${what}. Not sent to ${where} (attempt ${attempt}), trying again: ${explainShortly(error)}`,
        )
      }
    }
    await pause(delayAfter(attempt, to.backoff), to.ending)
    if (to.ending.aborted) return []
  }
}

function nameOf(destination: Destination | undefined): string {
  return destination?.kind === 'kafka' ? `kafka://${destination.topic}` : (destination?.arn ?? '')
}
