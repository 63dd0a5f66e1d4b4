import type { Logger } from '@aws-lambda-powertools/logger'
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { traceIdOf } from '../../cloudevents/trace.ts'
import type { FailureCode, Fault } from '../../domain/failure/codes.ts'
import {
  type Decision,
  type Observer,
  type Slot,
  type Stretch,
  Unavailable,
  type Waiting,
} from '../../pipeline/ports.ts'
import { Repeats } from './repeats.ts'

/** Writes what the pipeline reports as structured logs and as CloudWatch embedded metrics; payloads never. */
export class LambdaObserver implements Observer {
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #repeats = new Repeats()
  /** What the running invocation has counted, by `outcome reason`. */
  readonly #counts = new Map<string, number>()

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger
    this.#metrics = metrics
  }

  decided(slot: Slot, decisions: readonly Decision[]): void {
    const groups = Map.groupBy(decisions, ({ outcome, reason }) => `${outcome}/${reason}`)
    for (const group of groups.values()) {
      const { outcome, reason } = group[0] as Decision
      this.#count(outcome, reason, group.length)
      if ((group[0] as Decision).fault) this.#failed(slot, group)
    }
  }

  redelivered(_slot: Slot, count: number): void {
    this.#count('duplicate', 'at-or-below-mark', count)
  }

  waiting(slot: Slot, { fromOffset, reason, error }: Waiting): void {
    this.#count('held', reason, 1)
    this.#say('error', `waiting/${reason}`, 'a partition waits: its records stay in Kafka', {
      ...slot,
      fromOffset,
      reason,
      ...failureOf(error),
    })
  }

  unsettled(slot: Slot, count: number, error: unknown): void {
    this.#count('unsettled', 'settle-failed', count)
    this.#say('warn', 'unsettled', 'published, but not settled: the next batch publishes these again', {
      ...slot,
      count,
      ...failureOf(error),
    })
  }

  startsWithoutMark(slot: Slot, fromOffset: number): void {
    this.#count('no-mark', 'starts-anew', 1)
    this.#say(
      'warn',
      `no-mark/${slot.topic}/${slot.partition}`,
      'the store knows nothing of a partition that has a past: it is read from its beginning',
      { ...slot, fromOffset },
    )
  }

  stretchMissing(slot: Slot, stretch: Stretch): void {
    this.#count('stretch-missing', 'never-delivered', lengthOf(stretch))
    this.#say(
      'error',
      `stretch/${slot.topic}/${slot.partition}`,
      'offsets that were never delivered, or that the store forgot, are read from the log',
      { ...slot, ...stretch },
    )
  }

  expired(slot: Slot, stretch: Stretch): void {
    this.#count('expired', 'not-in-the-log', lengthOf(stretch))
    this.#say(
      'error',
      `expired/${slot.topic}/${slot.partition}`,
      'offsets that were never processed are no longer in the log: what they held is lost',
      { ...slot, ...stretch },
    )
  }

  blind(slot: Slot, beforeOffset: number, ms: number): void {
    this.#count('blind', 'no-records', 1)
    this.#say(
      'warn',
      `blind/${slot.topic}/${slot.partition}`,
      'the log saw nothing for longer than its clock counts: is the clock function running?',
      { ...slot, beforeOffset, ms },
    )
  }

  strayed(slot: Slot, fromOffset: number, count: number): void {
    this.#count('strayed', 'another-partitioner', count)
    this.#say(
      'error',
      `strayed/${slot.topic}`,
      "records are not where Kafka's own partitioning puts their keys: does a producer use another partitioner?",
      { ...slot, fromOffset, records: count },
    )
  }

  flooded(slot: Slot, sinceMs: number): void {
    this.#say(
      'error',
      'flood',
      'nearly all records fail unexpectedly: they stay in Kafka until the code changes or the gate is released',
      { ...slot, since: new Date(sinceMs).toISOString() },
    )
  }

  /** Writes the counters of an invocation: one metric for each outcome and reason, however many partitions it had. */
  flush(): void {
    for (const [counted, count] of this.#counts) {
      const [outcome, reason] = counted.split(' ') as [string, string]
      const metric = this.#metrics.singleMetric()
      metric.addDimension('reason', reason)
      metric.addMetric(outcome, MetricUnit.Count, count)
    }
    this.#counts.clear()
  }

  /** One line for all records of a batch that failed in the same way: the first of them, and how many there are. */
  #failed(slot: Slot, group: readonly Decision[]): void {
    const { offset, fault, event } = group[0] as Decision
    const trace = event && traceIdOf(event)
    this.#say('warn', `failed/${fault?.code}`, 'records cannot be processed and leave as failures', {
      ...slot,
      offset,
      code: fault?.code,
      ...explanation(fault),
      records: group.length,
      ...(event ? { eventId: event.id.slice(0, 200), eventSource: event.source.slice(0, 200) } : {}),
      ...(trace ? { traceId: trace } : {}),
    })
  }

  #say(level: 'warn' | 'error', kind: string, message: string, details: Record<string, unknown>): void {
    const unsaid = this.#repeats.due(kind)
    if (unsaid !== undefined) this.#logger[level](message, { ...details, ...(unsaid > 0 ? { unsaid } : {}) })
  }

  #count(outcome: string, reason: string, count: number): void {
    const counted = `${outcome} ${reason}`
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + count)
  }
}

function lengthOf({ fromOffset, toOffset }: Stretch): number {
  return toOffset - fromOffset + 1
}

/** Of an error, what cannot hold data: what others wrote into its message, or hung onto it, stays here. */
function failureOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {}
  if (error instanceof Unavailable) return { error: error.message }
  const frames = (error.stack ?? '').split('\n').filter(line => line.trimStart().startsWith('at '))
  return { error: error.name, place: frames.slice(0, 5).map(line => line.trim()) }
}

/** Whose messages are a consumer's own words, or the outside's: they may quote the event. */
const IN_OTHERS_WORDS: ReadonlySet<FailureCode> = new Set([
  'unexpected-error',
  'rejected',
  'timer-failed',
  'not-accepted',
])

/** Our own messages name places, never contents. */
function explanation(fault: Fault | undefined): Record<string, string> {
  if (!fault) return {}
  if (!IN_OTHERS_WORDS.has(fault.code)) return { fault: fault.message }
  return fault.place ? { place: fault.place } : {}
}
