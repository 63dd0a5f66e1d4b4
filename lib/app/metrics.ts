/**
 * Lists the metrics of scheduled functions. The functions write the metrics in this table, and the alarms of a deployment are created
 * from them.
 */
import type { Scheduled } from '#runtime/functions/schedules'

/** Metrics by name, with their unit and the scheduled function that writes them. Each run writes the current value. */
export const SCHEDULED_METRICS = {
  deadLettersOpen: { by: 'redriver', unit: 'Count' },
  deadLettersQuarantined: { by: 'redriver', unit: 'Count' },
  oldestDeadLetterSeconds: { by: 'redriver', unit: 'Seconds' },
  retriesPerMinute: { by: 'redriver', unit: 'Count' },
} as const

/** Writes the metrics of a scheduled function. */
export function report(
  telemetry: Pick<Scheduled<unknown, unknown>['telemetry'], 'count' | 'gauge'>,
  values: Partial<Readonly<Record<keyof typeof SCHEDULED_METRICS, number>>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const { unit } = SCHEDULED_METRICS[name as keyof typeof SCHEDULED_METRICS]
    if (unit === 'Count') telemetry.count(name, value)
    else telemetry.gauge(name, value)
  }
}
