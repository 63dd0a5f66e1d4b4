import { type Backoff, delayAfter, isWorthALine } from './backoff.ts'
import type { Destination } from './destination.ts'
import type { Sender } from './destinations.ts'
import { partitionName } from './event.ts'
import { explainShortly } from './explain.ts'
import type { Log } from './framework.ts'
import type { GivenUp } from './invocation-record.ts'
import { describe } from './parts.ts'
import { pause } from './wait.ts'

/** What it takes to give records up. */
export interface Discards {
  readonly name: string
  readonly topic: string
  readonly log: Log
  readonly backoff: Backoff
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
  for (let attempt = 1; ; attempt += 1) {
    const parts = givenUp.parts.filter(({ partition }) => isHeld(partition))
    if (parts.length === 0) return []
    const which = describe(parts, partition => partitionName(to.topic, partition))
    const what = `${to.name}  ${which} given up: ${givenUp.condition}, ${why}`
    if (!to.sender) {
      to.log.error(`${what}. There is no destination: discarded`)
      return parts
    }
    const where = nameOf(to.destination)
    try {
      await to.sender.send({ ...givenUp, parts })
      to.log.warning(`${what}. Sent to ${where}`)
      return parts
    } catch (error) {
      if (to.ending.aborted) return []
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
