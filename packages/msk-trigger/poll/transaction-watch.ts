import { describeOpenTransaction, OPEN_FOR_MS, type OpenTransaction } from '@sluice/kafka-records/requests'
import type { Log } from '../support/serverless.ts'
import { pause } from '../support/wait.ts'

const LOOK_EVERY_MS = 15_000

/** Logs open transactions behind which the records of topics wait, each once. */
export class TransactionWatch {
  readonly #log: Pick<Log, 'warning'>
  readonly #ending = new AbortController()
  /** Start of each open transaction, in milliseconds since the epoch; infinity once it is logged. */
  #startsMs: ReadonlyMap<string, number> = new Map()

  constructor(log: Pick<Log, 'warning'>) {
    this.#log = log
  }

  /** Checks repeatedly until `close`. Never rejects. @param read returns the open transactions of the topics */
  async run(read: () => Promise<readonly OpenTransaction[]>, everyMs = LOOK_EVERY_MS): Promise<void> {
    for (;;) {
      await pause(everyMs, this.#ending.signal)
      if (this.#ending.signal.aborted) return
      // Ignore the error: event sources that read from an unavailable broker report it.
      const found = await read().catch(() => undefined)
      if (found && !this.#ending.signal.aborted) this.update(found, Date.now())
    }
  }

  /** Logs the transactions that have been open for long. @param found all open transactions of the topics */
  update(found: readonly OpenTransaction[], nowMs: number): void {
    const startsMs = new Map<string, number>()
    for (const one of found) {
      const key = `${one.topic}/${one.partition}@${one.end}`
      const startMs = this.#startsMs.get(key) ?? one.sinceMs ?? nowMs
      const isLong = nowMs - startMs > OPEN_FOR_MS
      startsMs.set(key, isLong ? Number.POSITIVE_INFINITY : startMs)
      const { says, todo } = describeOpenTransaction(one)
      if (isLong) this.#log.warning(`msk  ${says}. ${todo}`)
    }
    this.#startsMs = startsMs
  }

  close(): void {
    this.#ending.abort()
  }
}
