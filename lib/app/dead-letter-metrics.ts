/** What the scheduled function `dead-letters` measures: what waits for people, and how much is tried again. */

import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { Scheduled } from '../../packages/runtime/lambda/scheduled.ts'
import type { LogBounds } from '../../packages/runtime/pipeline/ports.ts'
import { type CountedPartition, countOpen } from '../queries/open-dead-letters.ts'
import { report } from './metrics.ts'
import type { GeneralSettings } from './settings/index.ts'
import { RETRY_TOPICS, topicName } from './topics.ts'

/** The count ends if the invocation has less time left than this; the next one goes on from there. */
const RESERVE_MS = 10_000
const MINUTE_MS = 60_000

/** Kept between runs. If it is lost, the dlq topic is counted from its beginning. */
interface Measured {
  readonly atMs: number
  readonly partitions: readonly CountedPartition[]
  /** How many records the retry topics have had so far, all together. */
  readonly retries: number
}

/**
 * Counts the dead letters that are open, and the retries since the last run.
 *
 * @returns what was measured
 * @throws Unavailable if Kafka or Redis does not answer
 */
export async function measureDeadLetters({
  config: { env },
  connections,
  remainingMs,
  telemetry,
}: Scheduled<Connections, GeneralSettings>): Promise<object> {
  const [value, log, bounds] = await Promise.all([
    connections.value<Measured>(`dead-letters:${env}`),
    connections.log(),
    connections.bounds(),
  ])
  const last = await value.read()
  const atMs = Date.now()
  const retries = await retriesSoFar(bounds, env)
  const topic = topicName('dlq', env)
  const inTime = () => remainingMs() > RESERVE_MS
  const counted = await countOpen(log, topic, await bounds.bounds(topic), last?.partitions, inTime)
  await value.write({ atMs, partitions: counted.partitions, retries })

  const { open, quarantined, pending, oldestMs } = counted
  const oldestSeconds = oldestMs === undefined ? 0 : Math.max(0, atMs - oldestMs) / 1000
  // Topics that were made anew have had fewer records than before.
  const retriesPerMinute =
    last && retries >= last.retries
      ? ((retries - last.retries) * MINUTE_MS) / Math.max(1, atMs - last.atMs)
      : 0
  report(telemetry, {
    deadLettersOpen: open,
    deadLettersQuarantined: quarantined,
    oldestDeadLetterSeconds: oldestSeconds,
    retriesPerMinute,
  })
  return { open, quarantined, oldestSeconds, retriesPerMinute, pending }
}

async function retriesSoFar(bounds: LogBounds, env: string): Promise<number> {
  const all = await Promise.all(RETRY_TOPICS.map(signal => bounds.bounds(topicName(signal, env))))
  return all.flat().reduce((sum, { end }) => sum + end, 0)
}
