import { Attempts } from './attempts.ts'
import { type Backoff, delayAfter, isWorthALine } from './backoff.ts'
import type { Message } from './event.ts'
import { explainShortly } from './explain.ts'
import type { Log } from './framework.ts'
import type { Entry, Intake } from './intake.ts'
import type { Lane } from './lane.ts'
import type { MappingReports } from './reports.ts'
import { pause } from './wait.ts'

export interface ReceiverParts {
  readonly name: string
  readonly log: Log
  readonly backoff: Backoff
  readonly reports: Pick<MappingReports, 'stalled' | 'resumed'>
  readonly intake: Intake
  /** Aborted when the trigger ends. */
  readonly ending: AbortSignal
}

/** Brings what was fetched into its lane, in the order of the partition, however long the intake takes for it. */
export class Receiver {
  readonly #parts: ReceiverParts
  /** The last step of each lane for which something had to be waited for. */
  readonly #steps = new WeakMap<Lane, Promise<void>>()
  /** By partition: one that is lost and comes back waits as long as before. */
  readonly #attempts = new Attempts<number>()

  constructor(parts: ReceiverParts) {
    this.#parts = parts
  }

  /** Calls `onTaken` when the lane has them; never where the lane is lost before. */
  receive(lane: Lane, messages: readonly Message[], onTaken: () => void): void {
    const takeIn = lane.expect(messages)
    const finish = (entries: readonly Entry[]) => {
      takeIn(entries, Date.now())
      onTaken()
    }
    const earlier = this.#steps.get(lane)
    const entries = earlier ? undefined : this.#parts.intake(lane.partition, messages)
    if (entries && !(entries instanceof Promise)) {
      finish(entries)
      return
    }
    const step = this.#later(lane, messages, earlier, entries).then(late => {
      if (this.#steps.get(lane) === step) this.#steps.delete(lane)
      if (late) finish(late)
    })
    this.#steps.set(lane, step)
  }

  async #later(
    lane: Lane,
    messages: readonly Message[],
    earlier: Promise<void> | undefined,
    begun: Promise<readonly Entry[]> | undefined,
  ): Promise<readonly Entry[] | undefined> {
    const { name, log, backoff, reports, intake, ending } = this.#parts
    const { partition } = lane
    // A lane that is lost by now asks for nothing any more, and what was begun may still fail.
    begun?.catch(() => {})
    await earlier
    let first = begun
    while (!lane.lost && !ending.aborted) {
      try {
        const entries = await (first ?? intake(partition, messages))
        this.#attempts.succeeded(partition)
        reports.resumed('registry', [partition])
        return lane.lost ? undefined : entries
      } catch (error) {
        first = undefined
        const attempt = this.#attempts.failed(partition)
        const reason = explainShortly(error)
        const part = { partition, records: messages.map(({ offset }) => ({ offset: Number(offset) })) }
        reports.stalled({ obstacle: 'registry', kind: 'error', reason, attempt }, [part])
        if (isWorthALine(attempt)) {
          log.warning(`${name}  partition ${partition} waits: ${reason}. Trying again (attempt ${attempt})`)
        }
        await pause(delayAfter(attempt, backoff), ending)
      }
    }
    return undefined
  }
}
