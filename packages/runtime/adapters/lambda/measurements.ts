import type { Metrics } from '@aws-lambda-powertools/metrics'
import { COUNTED, type CounterName, type DurationName } from './metric-names.ts'

const METRICS: ReadonlySet<string> = new Set(COUNTED)

/**
 * Collects counts and durations of one invocation for its log line, and writes those that alarms watch in CloudWatch embedded metric
 * format: a line for the function as a whole, and one for each reason that is a metric. Partitions are not a dimension, because the
 * cost depends on the number of metrics.
 */
export class Measurements {
  readonly #metrics: Metrics
  /** Counts by `counter/reason`. */
  readonly #counts = new Map<string, number>()
  /** Longest durations in milliseconds. */
  #longest: Partial<Record<DurationName, number>> = {}
  #publishedMs: number[] = []

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  count(counter: CounterName, reason: string, count: number): void {
    const name = `${counter}/${reason}`
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count)
  }

  duration(name: DurationName, ms: number): void {
    this.#longest[name] = Math.max(ms, this.#longest[name] ?? 0)
    if (name === 'publishMs') this.#publishedMs.push(ms)
  }

  /** Returns the counts by `counter/reason`, and the longest durations, for the log line. */
  summarize() {
    return { counts: Object.fromEntries(this.#counts), longest: this.#longest }
  }

  /** Writes the metrics, and resets all counts and durations. */
  flush(lagMs: number | undefined): void {
    for (const [name, count] of this.#counts) {
      const [counter = '', reason = ''] = name.split('/')
      if (METRICS.has(counter)) this.#metrics.addMetric(counter, 'Count', count)
      if (METRICS.has(name))
        this.#metrics.singleMetric().addDimension('reason', reason).addMetric(counter, 'Count', count)
    }
    addPublishing(this.#metrics, this.#publishedMs)
    if (lagMs !== undefined) this.#metrics.addMetric('lagSeconds', 'Seconds', lagMs / 1000)
    if (this.#metrics.hasStoredMetrics()) this.#metrics.publishStoredMetrics()
    this.#counts.clear()
    this.#longest = {}
    this.#publishedMs = []
  }
}

/**
 * Maximum number of values of a metric in a line. CloudWatch accepts 100, but Powertools writes the line automatically at the
 * hundredth value.
 */
const MAX_VALUES = 99

/** Adds the durations of publishing in milliseconds to the line. If there are too many, a representative selection is added. */
export function addPublishing(metrics: Metrics, durations: readonly number[]): void {
  for (const ms of spread(durations, MAX_VALUES)) metrics.addMetric('publishMs', 'Milliseconds', ms)
}

/** Selects values evenly by rank if there are too many, including the lowest and the highest, so that percentiles are preserved. */
function spread(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) return values
  const sorted = [...values].sort((a, b) => a - b)
  const step = (sorted.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, index) => sorted[Math.round(index * step)] as number)
}
