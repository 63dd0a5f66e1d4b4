/** Measures how far the states of a consumer are behind the topics that it reads. */
import { RefusedByKafka } from '#runtime/operating/servers'
import { Unavailable } from '#runtime/pipeline'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { readTopicReach } from '../../lib/log/topic-bounds.ts'
import { computeSum, count } from '../../lib/support/count.ts'
import { withTimeout } from '../diagnosis/observe.ts'
import { describeWaiting } from '../diagnosis/waiting.ts'
import { countOffsetsBehind } from '../queries/kafka/consumer-lag.ts'
import type { Environment } from './environment.ts'
import type { Lag } from './lag-reader.ts'

/**
 * Returns how many records of a topic a consumer has not applied yet; null if Kafka cannot be asked.
 *
 * @param beforeMs counts only records that were written before, in milliseconds since the epoch
 */
export async function countUnapplied(
  environment: Pick<Environment, 'offsets' | 'inspection' | 'topic'>,
  consumer: string,
  signal: Signal,
  beforeMs?: number,
): Promise<number | null> {
  const topic = environment.topic(signal)
  try {
    const { bounds, atTime } = await readTopicReach(await environment.offsets(), topic, beforeMs)
    const inspection = await environment.inspection()
    const lags = bounds.map(async ({ start, end }, partition) => {
      const { appliedOffset } = await inspection.summary({ consumer, topic, partition })
      return countOffsetsBehind({ start, end: atTime[partition] ?? end }, appliedOffset + 1)
    })
    return computeSum(await Promise.all(lags))
  } catch (error) {
    if (error instanceof Unavailable && error.code === 'broker-unavailable') return null
    throw error
  }
}

const OUT_OF_DATE = 'Kafka could not be asked, so this may be out of date: see `sluice doctor`.'

/** Time for which an answer without rows waits for the lags, in milliseconds. */
const LAGS_WITHIN_MS = 3_000

/**
 * Returns notes for an answer without rows: the records that consumers have not read yet.
 *
 * @param consumers consumers whose records count, beside those of inputs
 * @param empty sentence of the question for an answer without rows, which stands before the note that Kafka could not be asked
 */
export async function describeUnread(
  environment: Pick<Environment, 'lags' | 'findSignal'>,
  consumers: 'all' | readonly string[],
  empty: string,
  nowMs: number,
): Promise<readonly string[]> {
  try {
    const { lags: all } = await withTimeout(environment.lags.read(nowMs), 'kafka', LAGS_WITHIN_MS)
    const isSelected = ({ function: name, topic }: Lag) =>
      consumers === 'all' || consumers.includes(name) || environment.findSignal(topic) === undefined
    return describeWaiting(all.filter(isSelected))
  } catch (error) {
    if (error instanceof Unavailable || error instanceof RefusedByKafka) return [empty, OUT_OF_DATE]
    throw error
  }
}

/** Returns a note for an answer that may not be up to date. @param behind records that it does not include; null if unknown */
export function describeLag(behind: number | null, consumer: string, signal: Signal): string[] {
  if (behind === null) return [OUT_OF_DATE]
  if (behind === 0) return []
  return [
    `Not up to date: ${consumer} has ${count(behind, 'record')} of the ${signal} topic left to read. To check its progress: ` +
      `sluice state show ${consumer} --topic ${signal}`,
  ]
}
