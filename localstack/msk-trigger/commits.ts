import { Attempts } from './attempts.ts'
import { type Backoff, delayAfter, isWorthALine } from './backoff.ts'
import { explainShortly, isUnreachable } from './explain.ts'
import type { Log } from './framework.ts'
import type { Lane } from './lane.ts'
import type { PartitionOffset } from './member.ts'
import type { MappingReports } from './reports.ts'
import { pause } from './wait.ts'

/** Between two requests. What is done meanwhile goes into one: a request costs as much as ten quick invocations. */
const PAUSE_MS = 50

export interface CommitsParts {
  readonly name: string
  readonly backoff: Backoff
  readonly log: Log
  readonly reports: Pick<MappingReports, 'stalled' | 'resumed'>
  readonly ending: AbortSignal
  commit(offsets: readonly PartitionOffset[]): Promise<void>
}

/**
 * Commits what is done, and tries until it succeeds or the partition is lost: were it put off to the next batch, a
 * partition without further records would be delivered again after a restart. A partition goes on while its commit is
 * under way, so that a crash repeats a few more records and none is lost; but not while commits fail.
 */
export class Commits {
  readonly #parts: CommitsParts
  /** By lane, not by number: a partition that is lost and comes back begins anew. */
  readonly #pending = new Map<Pick<Lane, 'partition' | 'lost'>, number>()
  /** Until a commit succeeds: that its partitions were lost is no success. */
  readonly #attempts = new Attempts()
  #running: Promise<void> | undefined
  #trouble: Promise<void> | undefined

  constructor(parts: CommitsParts) {
    this.#parts = parts
  }

  /** The lane is done up to this offset. Resolves at once, or when commits succeed again. */
  async done(lane: Pick<Lane, 'partition' | 'lost'>, offset: number): Promise<void> {
    this.#pending.set(lane, offset)
    this.#running ??= this.#run()
    await this.#trouble
  }

  /** Resolves when nothing is left to commit. */
  async finished(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#pending.size > 0) {
      const trouble = Promise.withResolvers<void>()
      await this.#commitSurely(() => {
        this.#trouble = trouble.promise
      })
      this.#trouble = undefined
      trouble.resolve()
      await pause(PAUSE_MS, this.#parts.ending)
    }
    this.#running = undefined
  }

  async #commitSurely(onTrouble: () => void): Promise<void> {
    const { name, log, backoff, ending, reports } = this.#parts
    for (;;) {
      // With every attempt what has been done meanwhile.
      const sent = [...this.#pending].filter(([lane]) => !lane.lost)
      for (const lane of this.#pending.keys()) if (lane.lost) this.#pending.delete(lane)
      if (sent.length === 0) return
      try {
        await this.#parts.commit(sent.map(([{ partition }, offset]) => ({ partition, offset })))
        for (const [lane, offset] of sent) if (this.#pending.get(lane) === offset) this.#pending.delete(lane)
        this.#attempts.succeeded()
        reports.resumed('commit')
        return
      } catch (error) {
        onTrouble()
        const attempt = this.#attempts.failed()
        const kind = isUnreachable(error) ? 'unreachable' : 'error'
        reports.stalled({ obstacle: 'commit', kind, reason: explainShortly(error), attempt })
        if (isWorthALine(attempt)) {
          log.warning(
            `${name}  offsets not committed (attempt ${attempt}), trying again: ${explainShortly(error)}`,
          )
        }
        // Told to end, it tries at once, and again while there is time: another process may just have joined the group.
        await pause(delayAfter(attempt, backoff), ending.aborted ? undefined : ending)
      }
    }
  }
}
