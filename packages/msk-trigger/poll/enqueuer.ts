import type { PolledMessage } from '../invoke/event.ts'
import { Attempts, type Backoff, delayAfter, shouldLog } from '../report/attempts.ts'
import { rootMessage } from '../report/explain-error.ts'
import type { MappingReports } from '../report/reports.ts'
import { mustHold } from '../support/must-hold.ts'
import type { Log } from '../support/serverless.ts'
import { pause } from '../support/wait.ts'
import type { Entry, Intake } from './intake.ts'
import type { PartitionQueue } from './partition-queue.ts'

export interface EnqueuerParts {
  readonly name: string
  readonly log: Log
  readonly backoff: Backoff
  readonly reports: Pick<MappingReports, 'reportStall' | 'reportResume'>
  readonly intake: Intake
  readonly ending: AbortSignal
}

/** Appends fetched records to their queue in the order of the partition, however long their classification takes. */
export class Enqueuer {
  readonly #parts: EnqueuerParts
  /** Last pending step of each queue whose records are still being classified. */
  readonly #lastSteps = new WeakMap<PartitionQueue, Promise<void>>()
  /**
   * Failed attempts by partition rather than by queue, so that a partition that is revoked and assigned again continues its
   * backoff.
   */
  readonly #attempts = new Attempts<number>()

  constructor(parts: EnqueuerParts) {
    this.#parts = parts
  }

  /** Calls `onAppended` when the records are in the queue. Never calls it if the queue is revoked first. */
  enqueue(queue: PartitionQueue, messages: readonly PolledMessage[], onAppended: () => void): void {
    const append = queue.reserve(messages)
    const finish = (entries: readonly Entry[]) => {
      append(entries, Date.now())
      onAppended()
    }
    const earlier = this.#lastSteps.get(queue)
    const entries = earlier ? undefined : this.#parts.intake(queue.partition, messages)
    const begun = entries instanceof Promise ? entries : undefined
    if (entries && !(entries instanceof Promise) && entries.length === messages.length) {
      finish(entries)
      return
    }
    const step = this.#askUntilAnswered(queue, messages, earlier, begun).then(late => {
      if (this.#lastSteps.get(queue) === step) this.#lastSteps.delete(queue)
      if (late) finish(late)
    })
    this.#lastSteps.set(queue, step)
  }

  async #askUntilAnswered(
    queue: PartitionQueue,
    messages: readonly PolledMessage[],
    earlier: Promise<void> | undefined,
    begun: Promise<readonly Entry[]> | undefined,
  ): Promise<readonly Entry[] | undefined> {
    const { name, log, backoff, reports, intake, ending } = this.#parts
    const { partition } = queue
    // A revoked queue starts no further requests, but a request that is in progress may still fail.
    begun?.catch(() => {})
    await earlier
    let first = begun
    while (!queue.revoked && !ending.aborted) {
      try {
        const entries = await (first ?? intake(partition, messages))
        // A record without an entry would never be delivered, but be committed with a later one.
        mustHold(entries.length === messages.length, 'each-record-has-an-entry', () => `${entries.length}`)
        this.#attempts.clearFailures(partition)
        reports.reportResume('registry', [partition])
        return queue.revoked ? undefined : entries
      } catch (error) {
        first = undefined
        const attempt = this.#attempts.addFailure(partition)
        const reason = rootMessage(error)
        const part = { partition, records: messages.map(({ offset }) => ({ offset: Number(offset) })) }
        reports.reportStall(
          { obstacle: 'registry', kind: 'error', reason, attempt },
          queue.revoked ? [] : [part],
        )
        if (shouldLog(attempt)) {
          log.warning(`${name}  partition ${partition} waits: ${reason}. Retrying (attempt ${attempt})`)
        }
        await pause(delayAfter(attempt, backoff), ending)
      }
    }
    return undefined
  }
}
