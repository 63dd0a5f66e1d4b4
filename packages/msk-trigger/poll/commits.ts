import { setImmediate as turn } from 'node:timers/promises'
import { Attempts, type Backoff, delayAfter, shouldLog } from '../report/attempts.ts'
import { isUnreachable, rootMessage } from '../report/explain-error.ts'
import type { MappingReports } from '../report/reports.ts'
import type { Log } from '../support/serverless.ts'
import { pause } from '../support/wait.ts'
import type { PartitionOffset } from './member.ts'
import type { PartitionQueue } from './partition-queue.ts'

/**
 * Pause between two commit requests, in milliseconds. Offsets that become ready during the pause share a request, because a request
 * costs as much as ten fast invocations.
 */
const PAUSE_MS = 50

export interface CommitsParts {
  readonly name: string
  readonly backoff: Backoff
  readonly log: Log
  readonly reports: Pick<MappingReports, 'reportStall' | 'reportResume'>
  readonly ending: AbortSignal
  commit(offsets: readonly PartitionOffset[]): Promise<void>
}

/**
 * Commits offsets, and retries until the commit succeeds or the partition is revoked. A commit must not wait for the next batch: if
 * no new records arrived, the last records of the partition would be delivered again after a restart. Processing continues during a
 * commit, so a crash repeats a few more records but loses none. While commits fail, partitions wait.
 */
export class Commits {
  readonly #parts: CommitsParts
  /**
   * Offsets to commit, by queue rather than by partition, so that a partition that is revoked and assigned again starts without
   * pending commits.
   */
  readonly #pending = new Map<Pick<PartitionQueue, 'partition' | 'revoked'>, number>()
  /** Counts failures until a commit succeeds. Losing the partitions does not reset the count. */
  readonly #attempts = new Attempts()
  #running: Promise<void> | undefined
  #outage: Promise<void> | undefined

  constructor(parts: CommitsParts) {
    this.#parts = parts
  }

  /** Called when the queue is processed up to this offset. Resolves immediately or, while commits fail, when they succeed again. */
  async schedule(queue: Pick<PartitionQueue, 'partition' | 'revoked'>, offset: number): Promise<void> {
    this.#pending.set(queue, offset)
    this.#running ??= this.#run()
    await this.#outage
  }

  async waitUntilCommitted(): Promise<void> {
    await this.#running
  }

  get pending(): readonly PartitionOffset[] {
    const held = [...this.#pending].filter(([queue]) => !queue.revoked)
    return held.map(([{ partition }, offset]) => ({ partition, offset }))
  }

  async #run(): Promise<void> {
    // The partitions of a batch become ready one by one in the same turn of the event loop.
    await turn()
    while (this.#pending.size > 0) {
      const outage = Promise.withResolvers<void>()
      await this.#commitUntilDone(() => {
        this.#outage = outage.promise
      })
      this.#outage = undefined
      outage.resolve()
      await pause(PAUSE_MS, this.#parts.ending)
    }
    this.#running = undefined
  }

  async #commitUntilDone(onFailure: () => void): Promise<void> {
    const { name, log, backoff, ending, reports } = this.#parts
    for (;;) {
      // Each attempt also commits offsets that have become ready in the meantime.
      const sent = [...this.#pending].filter(([queue]) => !queue.revoked)
      for (const queue of this.#pending.keys()) if (queue.revoked) this.#pending.delete(queue)
      if (sent.length === 0) return
      try {
        await this.#parts.commit(sent.map(([{ partition }, offset]) => ({ partition, offset })))
        for (const [queue, offset] of sent)
          if (this.#pending.get(queue) === offset) this.#pending.delete(queue)
        this.#attempts.clearFailures()
        reports.reportResume('commit')
        return
      } catch (error) {
        onFailure()
        const attempt = this.#attempts.addFailure()
        const kind = isUnreachable(error) ? 'unreachable' : 'error'
        reports.reportStall({ obstacle: 'commit', kind, reason: rootMessage(error), attempt })
        if (shouldLog(attempt)) {
          log.warning(
            `${name}  offsets could not be committed (attempt ${attempt}). Retrying: ${rootMessage(error)}`,
          )
        }
        // During a stop, retry immediately and as long as time remains, because another process may just have joined the group.
        await pause(delayAfter(attempt, backoff), ending.aborted ? undefined : ending)
      }
    }
  }
}
