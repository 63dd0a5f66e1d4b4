import {
  describeOpenTransaction,
  LongTransactions,
  type OpenTransaction,
} from '@sluice/kafka-records/requests'
import type { Log } from '../support/serverless.ts'
import { pause } from '../support/wait.ts'

const LOOK_EVERY_MS = 15_000

/** Logs open transactions behind which the records of topics wait, each once. */
export class TransactionWatch {
  readonly #log: Pick<Log, 'warning'>
  readonly #ending = new AbortController()
  readonly #long = new LongTransactions()

  constructor(log: Pick<Log, 'warning'>) {
    this.#log = log
  }

  /** Checks repeatedly until `close`. Never rejects. @param read returns the open transactions of the topics */
  async run(read: () => Promise<readonly OpenTransaction[]>, everyMs = LOOK_EVERY_MS): Promise<void> {
    for (;;) {
      await pause(everyMs, this.#ending.signal)
      if (this.#ending.signal.aborted) return
      // Ignore the error: event sources that read from an unavailable broker report it.
      const found = await read().catch(() => [])
      if (!this.#ending.signal.aborted) this.update(found, Date.now())
    }
  }

  /** Logs the transactions that have been open for long. */
  update(found: readonly OpenTransaction[], nowMs: number): void {
    for (const one of this.#long.select(found, nowMs)) {
      const { says, todo } = describeOpenTransaction(one)
      if (one.isNew) this.#log.warning(`msk  ${says}. ${todo}`)
    }
  }

  close(): void {
    this.#ending.abort()
  }
}
