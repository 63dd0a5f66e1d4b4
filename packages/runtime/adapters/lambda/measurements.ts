import type { Metrics } from '@aws-lambda-powertools/metrics'
import type { CounterName, DurationName, TimedStep } from './metric-names.ts'

export interface InvocationEnd {
  readonly ms: number
  readonly lagMs: number | undefined
}

/**
 * Collects counts and durations of one invocation, and writes them at its end in CloudWatch embedded metric format: one line for
 * each reason, and one line for the invocation. The values of a reason are also published for the function as a whole. Partitions
 * are not a dimension, because the cost depends on the number of metrics.
 */
export class Measurements {
  readonly #metrics: Metrics
  /** Counts by reason and counter. */
  readonly #counts = new Map<string, Map<CounterName, number>>()
  /** Times from append to decision in milliseconds, by reason. */
  readonly #latencies = new Map<string, number[]>()
  /** Durations of the steps of the invocation in milliseconds, by metric. */
  readonly #durations = new Map<`${TimedStep}Ms`, number[]>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  count(counter: CounterName, reason: string, count: number): void {
    const counters = this.#counts.get(reason) ?? new Map<CounterName, number>()
    counters.set(counter, (counters.get(counter) ?? 0) + count)
    this.#counts.set(reason, counters)
  }

  latency(reason: string, ms: number): void {
    append(this.#latencies, reason, ms)
  }

  step(step: TimedStep, ms: number): void {
    append(this.#durations, `${step}Ms`, ms)
  }

  /** Counts so far, by `counter/reason`. */
  get counts(): Readonly<Record<string, number>> {
    const named = [...this.#counts].flatMap(([reason, counters]) =>
      [...counters].map(([counter, count]) => [`${counter}/${reason}`, count] as const),
    )
    return Object.fromEntries(named)
  }

  /** Writes all metrics and resets them. */
  flush({ ms, lagMs }: InvocationEnd): void {
    for (const [reason, counters] of this.#counts) {
      for (const [counter, count] of counters) this.#metrics.addMetric(counter, 'Count', count)
      addValues(this.#metrics, 'latencyMs', this.#latencies.get(reason) ?? [])
      // Publish twice: by reason, and for the function as a whole, which alarms use.
      this.#metrics.addDimensions({}).addDimensions({ reason }).publishStoredMetrics()
    }
    for (const [name, values] of this.#durations) addValues(this.#metrics, name, values)
    if (lagMs !== undefined) this.#metrics.addMetric('lagSeconds', 'Seconds', lagMs / 1000)
    this.#metrics.addMetric('invocationMs', 'Milliseconds', ms).publishStoredMetrics()
    this.#counts.clear()
    this.#latencies.clear()
    this.#durations.clear()
  }
}

function append<Name>(lists: Map<Name, number[]>, name: Name, value: number): void {
  const list = lists.get(name)
  if (list) list.push(value)
  else lists.set(name, [value])
}

/**
 * Maximum number of values of a metric in a line. CloudWatch accepts 100, but Powertools writes the line automatically at the
 * hundredth value.
 */
const MAX_VALUES = 99

/** Adds durations in milliseconds to the line. If there are too many, a representative selection is added. */
export function addValues(metrics: Metrics, name: DurationName, values: readonly number[]): void {
  for (const value of spread(values, MAX_VALUES)) metrics.addMetric(name, 'Milliseconds', value)
}

/** Selects values evenly by rank if there are too many, including the lowest and the highest, so that percentiles are preserved. */
function spread(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) return values
  const sorted = [...values].sort((a, b) => a - b)
  const step = (sorted.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, index) => sorted[Math.round(index * step)] as number)
}
