import {
  describeOpenTransaction,
  LongTransactions,
  type OpenTransaction,
} from '@sluice/kafka-records/requests'
import type { Log } from '../support/serverless.ts'
import { pause } from '../support/wait.ts'

const LOOK_EVERY_MS = 15_000

/**
 * Logs open transactions behind which the records of topics wait, each once, until the signal. Never rejects.
 *
 * @param read returns the open transactions of the topics
 */
export async function watchTransactions(
  read: () => Promise<readonly OpenTransaction[]>,
  log: Pick<Log, 'warning'>,
  signal: AbortSignal,
  { everyMs = LOOK_EVERY_MS, now = Date.now } = {},
): Promise<void> {
  const long = new LongTransactions()
  while (!signal.aborted) {
    await pause(everyMs, signal)
    // Ignore the error: event sources that read from an unavailable broker report it.
    const found = signal.aborted ? [] : await read().catch(() => [])
    if (signal.aborted) return
    for (const { isNew, ...one } of long.select(found, now())) {
      const { says, todo } = describeOpenTransaction(one)
      if (isNew) log.warning(`msk  ${says}. ${todo}`)
    }
  }
}
