/** Distribution of a topic's keys over its partitions. */
import { keySamples } from '../../../lib/queries/key-samples.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { boundsOf, topicCalled } from './layouts.ts'

export const MAX_RECORDS = 100_000
const MAX_MS = 10_000

/**
 * Counts the keys of the newest records. `isCutShort` is true if the time limit was reached before the requested number of records
 * was read.
 */
export async function keysOf(
  environment: ConsoleEnvironment,
  { topic, records }: { readonly topic: string; readonly records: number },
  gone: AbortSignal,
) {
  const cluster = await environment.cluster()
  const bounds = (await boundsOf(cluster, [await topicCalled(cluster, topic)])).get(topic) ?? []
  const timeout = AbortSignal.timeout(MAX_MS)
  const limits = { records, signal: AbortSignal.any([timeout, gone]) }
  const sample = await keySamples(await environment.log(), topic, bounds, limits)
  return { topic, ...sample, isCutShort: timeout.aborted }
}
