/**
 * Tries rules on the readings of the past, and compares their alerts with those that fired, or with those of other rules. The
 * process of `alerting` evaluates the readings, with the timers of the log's clock. Nothing is changed or published.
 */
import { setImmediate } from 'node:timers/promises'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../../alerting/alert.ts'
import { identitiesOf } from '../../alerting/firings.ts'
import { type AnyRule, isOfReadings, isPatternRule } from '../../alerting/patterns/pattern.ts'
import { identityOf } from '../../alerting/rule.ts'
import { topicName } from '../../app/topics.ts'
import type { OffsetRange, PartitionRange } from '../../history/coverage.ts'
import { objectBytes } from '../../history/read.ts'
import type { HistoryStore } from '../../history/store.ts'
import { type Arrival, inBatches } from '../rule-log/arrivals.ts'
import { AlertTimes, type ComparedAlert, comparedAlerts } from './compare.ts'
import { decodedIn, runRows } from './history-rows.ts'
import { type AlertingConsumer, type ConsumerSettings, consumerOf, PartitionRun } from './partition-run.ts'
import { type PartitionParts, partitionsOf, type RecordPlaces, recordsOfPart } from './partitions.ts'

export interface Backtest {
  readonly sinceMs: number
  readonly untilMs: number
  /** Start of the readings that were evaluated only to know the state at the start of the range. */
  readonly warmFromMs: number
  /** Time of the first record that was used; null if there is none. */
  readonly beginsMs: number | null
  readonly readings: number
  readonly duplicates: number
  /** Number of records that `alerting` rejects. */
  readonly failed: number
  readonly missing: readonly PartitionRange[]
  /** Rules that were not tried: they evaluate groups of entities, rows of tables, or events that are not readings. */
  readonly untried: readonly string[]
  readonly counts: { readonly both: number; readonly onlyTried: number; readonly onlyOther: number }
  /** Alerts in the order of their starts. */
  readonly alerts: readonly ComparedAlert[]
}

export interface BacktestRules {
  readonly rules: readonly AnyRule[]
  /** Rules to compare with; undefined to compare with the alerts that fired. */
  readonly against: readonly AnyRule[] | undefined
  readonly settings: ConsumerSettings
}

export interface PastRange {
  readonly sinceMs: number
  readonly untilMs: number
  /** Kafka names of the topics with readings. */
  readonly topics: readonly string[]
}

/** Called with the number of offsets that were read, and their total number. */
export type OnProgress = (done: number, total: number) => void

type Firings = ReturnType<AlertTimes['within']>

/** Alerts are published some time after the readings that cause them. */
const PUBLISHED_MS = 10 * 60_000

/** Two sets of rules over the same readings. */
class Sides {
  readonly tried = new AlertTimes()
  readonly other = new AlertTimes()
  beginsMs: number | null = null
  readonly consumers: readonly AlertingConsumer[]
  readonly counts = { readings: 0, duplicates: 0, failed: 0 }

  constructor({ rules, against, settings }: BacktestRules) {
    this.consumers = [rules, against].flatMap(own =>
      own ? [consumerOf(own.filter(isOfReadings), settings)] : [],
    )
  }

  /** Evaluates one partition. */
  async run(
    evaluate: (runs: readonly PartitionRun[], consumer: AlertingConsumer) => Promise<void>,
  ): Promise<void> {
    const sides = [this.tried, this.other]
    const runs = this.consumers.map((one, index) => new PartitionRun(one, (sides[index] as AlertTimes).add))
    await evaluate(runs, this.consumers[0] as AlertingConsumer)
    const { readings = 0, duplicates = 0, failed = 0 } = runs[0]?.counts ?? {}
    this.counts.readings += readings
    this.counts.duplicates += duplicates
    this.counts.failed += failed
    const beginsMs = runs[0]?.beginsMs
    if (beginsMs !== undefined) this.beginsMs = Math.min(beginsMs, this.beginsMs ?? beginsMs)
  }

  result(
    range: Pick<Backtest, 'sinceMs' | 'untilMs' | 'warmFromMs' | 'missing'>,
    all: BacktestRules,
  ): Backtest {
    const { sinceMs, untilMs, warmFromMs } = range
    const untried = [...all.rules, ...(all.against ?? [])].filter(rule => !rule.paused && !isOfReadings(rule))
    const left = new Set(untried.flatMap(identitiesOf))
    const [tried, other] = [this.tried, this.other].map(one => one.within(sinceMs, untilMs)) as [
      Firings,
      Firings,
    ]
    const alerts = comparedAlerts(tried, other, Math.max(warmFromMs, this.beginsMs ?? 0)).filter(
      ({ rule }) => !left.has(rule),
    )
    const both = alerts.filter(one => one.tried && one.other).length
    const onlyTried = alerts.filter(one => !one.other).length
    const counts = { both, onlyTried, onlyOther: alerts.length - both - onlyTried }
    return {
      ...range,
      beginsMs: this.beginsMs,
      ...this.counts,
      untried: [...new Set(untried.map(identityOf))],
      counts,
      alerts,
    }
  }
}

/**
 * Tries rules on the readings of a range of time.
 *
 * @param stop signal that ends the run with an AbortError
 * @throws errors of the history and the log
 */
export async function backtest(
  places: RecordPlaces,
  all: BacktestRules,
  { sinceMs, untilMs, topics }: PastRange,
  stop: AbortSignal,
  onProgress: OnProgress = () => {},
): Promise<Backtest> {
  const rules = [...all.rules, ...(all.against ?? [])]
  const warmFromMs = sinceMs - Math.max(all.settings.idWindowMs, ...rules.map(lookbackMs))
  const range = { fromMs: warmFromMs, untilMs }
  const sides = new Sides(all)
  const partitions = await partitionsOf(places, 'readings', topics, range)
  const total = partitions.flatMap(({ parts }) => parts).reduce((sum, part) => sum + sizeOf(part), 0)
  let done = 0
  for (const one of partitions)
    await sides.run(async (runs, consumer) => {
      for (const part of one.parts) {
        // Yields to the event loop. Otherwise, an abort of the signal would not be noticed.
        await setImmediate(undefined, { signal: stop })
        if (part.object) {
          const bytes = await objectBytes(places.store as HistoryStore, part.object.key)
          await runRows(bytes, { ...part, ...range }, runs, consumer)
        } else
          for await (const records of recordsOfPart(places, one, part, range)) {
            for (const decoded of await decodedIn(records, consumer))
              for (const run of runs) run.record(decoded)
            await setImmediate(undefined, { signal: stop })
          }
        done += sizeOf(part)
        onProgress(done, total)
      }
    })
  if (!all.against)
    await readAlerts(places, all.settings.env, { ...range, untilMs: untilMs + PUBLISHED_MS }, sides.other.add)
  const missing = partitions.flatMap(({ topic, partition, missing: own }) =>
    own.map(part => ({ topic, partition, ...part })),
  )
  return sides.result({ sinceMs, untilMs, warmFromMs, missing }, all)
}

/**
 * Tries rules on a recording. The state before its first reading is unknown.
 *
 * @param arrivals readings in the order of their arrival
 */
export async function backtestRecording(
  arrivals: readonly Arrival[],
  all: BacktestRules,
  stop: AbortSignal,
): Promise<Backtest> {
  const startMs = arrivals[0]?.arrivedMs ?? 0
  const untilMs = (arrivals.at(-1)?.arrivedMs ?? 0) + 1
  const sides = new Sides(all)
  const place = { topic: topicName('readings', all.settings.env), partition: 0, key: null }
  let offset = 0
  await sides.run(async (runs, consumer) => {
    for (const batch of inBatches(arrivals, { startMs, nowMs: startMs }, 500)) {
      await setImmediate(undefined, { signal: stop })
      const records = batch.map(({ arrivedMs: timestampMs, event }) => {
        const record = { ...place, offset, timestampMs, ...writeEvent(event, 'structured') }
        offset += 1
        return record
      })
      for (const decoded of await decodedIn(records, consumer)) for (const run of runs) run.record(decoded)
    }
  })
  return sides.result({ sinceMs: startMs, untilMs, warmFromMs: startMs, missing: [] }, all)
}

function sizeOf({ fromOffset, toOffset }: OffsetRange): number {
  return toOffset - fromOffset + 1
}

/** Returns the time before a reading on which the state of a rule can depend, apart from alerts that keep firing. */
function lookbackMs(rule: AnyRule): number {
  if (!isPatternRule(rule)) {
    // A change is compared with a value that is up to twice as old as its duration.
    return 2 * (rule.measure?.overMs ?? 0) + rule.forMs + rule.keepFiringForMs + rule.staleAfterMs
  }
  const { pattern, keepFiringForMs } = rule
  const steps =
    pattern.kind === 'count' ? [pattern] : [...pattern.steps, ...(pattern.absence ? [pattern.absence] : [])]
  return keepFiringForMs + steps.reduce((sum, { withinMs }) => sum + withinMs, 0)
}

/** Reads the alert events of a range. */
async function readAlerts(
  places: RecordPlaces,
  env: string,
  range: { readonly fromMs: number; readonly untilMs: number },
  add: (alert: Alert) => void,
): Promise<void> {
  const partitions: readonly PartitionParts[] = await partitionsOf(
    places,
    'alerts',
    [topicName('alerts', env)],
    range,
  )
  for (const one of partitions)
    for (const part of one.parts)
      for await (const records of recordsOfPart(places, one, part, range))
        for (const record of records) {
          const event = readEvent(record)
          if (isFailure(event)) continue
          if (event.type === ALERT_FIRED_TYPE || event.type === ALERT_RESOLVED_TYPE) add(event.data as Alert)
        }
}
