import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Counters } from './counters.ts'

/** CloudWatch takes 100 values of a metric from a line; at the hundredth, Powertools ends the line by itself. */
const MOST_VALUES = 99

/** A step of the pipeline that waits for Redis or Kafka. */
export type TimedStep = 'load' | 'commit' | 'trimOutbox' | 'publish' | 'read'

export interface InvocationEnd {
  readonly ms: number
  readonly lagMs: number | undefined
}

/**
 * What one invocation counts and measures, written at its end as CloudWatch embedded metrics: a line for each reason, which
 * counts for the function as a whole as well, and a line for the invocation. Partitions are not a dimension: each would
 * multiply the number of metrics, which is what they cost by.
 */
export class Measurements {
  readonly #metrics: Metrics
  /** By reason, and in it by outcome. */
  readonly #counts = new Map<string, Map<string, number>>()
  /** Time from append to decision, by reason. */
  readonly #latencies = new Map<string, number[]>()
  /** Of the invocation, by metric. */
  readonly #durations = new Map<string, number[]>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  count<Metric extends keyof Counters>(outcome: Metric, reason: Counters[Metric], count: number): void {
    const outcomes = this.#counts.get(reason) ?? new Map<string, number>()
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
    this.#counts.set(reason, outcomes)
  }

  latency(reason: string, ms: number): void {
    append(this.#latencies, reason, ms)
  }

  step(step: TimedStep, ms: number): void {
    append(this.#durations, `${step}Ms`, ms)
  }

  /** `outcome/reason` and how often, of what was counted so far. */
  get counts(): Readonly<Record<string, number>> {
    const named = [...this.#counts].flatMap(([reason, outcomes]) =>
      [...outcomes].map(([outcome, count]) => [`${outcome}/${reason}`, count] as const),
    )
    return Object.fromEntries(named)
  }

  /** Writes everything and resets. */
  flush({ ms, lagMs }: InvocationEnd): void {
    for (const [reason, outcomes] of this.#counts) {
      for (const [outcome, count] of outcomes) this.#metrics.addMetric(outcome, MetricUnit.Count, count)
      this.#values('latencyMs', this.#latencies.get(reason) ?? [])
      // Twice: by reason, and for the function as a whole, which alarms use.
      this.#metrics.addDimensions({}).addDimensions({ reason }).publishStoredMetrics()
    }
    for (const [name, values] of this.#durations) this.#values(name, values)
    if (lagMs !== undefined) this.#metrics.addMetric('lagSeconds', MetricUnit.Seconds, lagMs / 1000)
    this.#metrics.addMetric('invocationMs', MetricUnit.Milliseconds, ms).publishStoredMetrics()
    this.#counts.clear()
    this.#latencies.clear()
    this.#durations.clear()
  }

  #values(name: string, values: readonly number[]): void {
    for (const value of spread(values, MOST_VALUES))
      this.#metrics.addMetric(name, MetricUnit.Milliseconds, value)
  }
}

/**
 * As many values as fit, evenly by rank, the lowest and the highest among them: percentiles of what is written are those of
 * what was measured, whichever records came first.
 */
function spread(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) return values
  const sorted = [...values].sort((a, b) => a - b)
  const step = (sorted.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, index) => sorted[Math.round(index * step)] as number)
}

function append(lists: Map<string, number[]>, name: string, value: number): void {
  const list = lists.get(name)
  if (list) list.push(value)
  else lists.set(name, [value])
}
