import { type Backoff, delayAfter, isWorthALine } from './backoff.ts'
import type { Message } from './event.ts'
import { explainShortly } from './explain.ts'
import type { Log } from './framework.ts'
import type { Entry, Intake } from './intake.ts'
import type { Lane } from './lane.ts'
import { pause } from './wait.ts'

export interface ReceiverParts {
  readonly name: string
  readonly log: Log
  readonly backoff: Backoff
  readonly intake: Intake
  /** Aborted when the trigger ends. */
  readonly ending: AbortSignal
}

/** Brings what was fetched into its lane, in the order of the partition, however long the intake takes for it. */
export class Receiver {
  readonly #parts: ReceiverParts
  /** The last step of each lane for which something had to be waited for. */
  readonly #steps = new WeakMap<Lane, Promise<void>>()

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
    const { name, log, backoff, intake, ending } = this.#parts
    await earlier
    for (let attempt = 1; !lane.lost && !ending.aborted; attempt += 1) {
      try {
        const entries = await ((attempt === 1 && begun) || intake(lane.partition, messages))
        return lane.lost ? undefined : entries
      } catch (error) {
        if (isWorthALine(attempt)) {
          log.warning(
            `${name}  partition ${lane.partition} waits: ${explainShortly(error)}. Trying again (attempt ${attempt})`,
          )
        }
        await pause(delayAfter(attempt, backoff), ending)
      }
    }
    return undefined
  }
}
