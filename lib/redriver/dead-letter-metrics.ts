/** Measures open dead letters and retries. */

import type { Connections } from '#runtime/functions/connections'
import type { Scheduled } from '#runtime/functions/schedules'
import type { LogBounds } from '#runtime/pipeline'
import { deadLetterSource } from '../app/connections/dead-letter-source.ts'
import type { SCHEDULED_METRICS } from '../app/naming/metrics.ts'
import type { Named, Vocabulary } from '../app/naming/names.ts'
import { RETRY_TOPICS } from '../app/naming/topic-table.ts'
import { DeadLetters } from '../log/dead-letters.ts'
import { MINUTE_MS } from '../support/duration.ts'

/** Remaining time of the invocation, in milliseconds, at which counting stops. */
const RESERVE_MS = 10_000

/** Counts that are stored between runs. */
interface Measured {
  readonly atMs: number
  /** Total number of records written to the retry topics since they were created. */
  readonly retries: number
}

/**
 * Counts the open dead letters, and the retries since the last run.
 *
 * @returns measured values, for the log; the first is also a metric
 * @throws Unavailable if Kafka or Redis does not answer
 */
export async function measureDeadLetters({
  config,
  connections,
  remainingMs,
  nowMs,
  telemetry,
}: Scheduled<Connections, Named & Vocabulary>) {
  const [value, letters, bounds] = await Promise.all([
    connections.value<Measured>(`dead-letters:${config.env}`),
    deadLetterSource(connections, config, nowMs),
    connections.bounds(),
  ])
  const last = await value.read()
  const atMs = nowMs()
  const retries = await retriesSoFar(bounds, config)
  const now = await new DeadLetters(letters).look(() => remainingMs() > RESERVE_MS)
  await value.write({ atMs, retries })

  const { left, oldestMs, pending } = now
  const rows = now.rows.filter(({ handled }) => !handled)
  const open = rows.length + left
  const quarantined = rows.filter(row => row.kind === 'letter' && row.quarantined).length
  const oldestSeconds = oldestMs === undefined ? 0 : Math.max(0, atMs - oldestMs) / 1000
  // If the total has decreased, a retry topic was recreated.
  const retriesPerMinute =
    last && retries >= last.retries
      ? ((retries - last.retries) * MINUTE_MS) / Math.max(1, atMs - last.atMs)
      : 0
  telemetry.count('deadLettersOpen' satisfies keyof typeof SCHEDULED_METRICS, open)
  return { open, quarantined, oldestSeconds, retriesPerMinute, pending }
}

async function retriesSoFar(bounds: LogBounds, { env, names }: Named): Promise<number> {
  const all = await Promise.all(RETRY_TOPICS.map(signal => bounds.bounds(names.topicName(signal, env))))
  return all.flat().reduce((sum, { end }) => sum + end, 0)
}
