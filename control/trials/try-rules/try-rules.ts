/**
 * Tries alert rules on the readings of the past: those of the history, those that only the topics contain, or those of a recording.
 * The process of `alerting` evaluates them, with the timers of the log's clock. Nothing is changed or published.
 */
import { setImmediate } from 'node:timers/promises'
import { writeEvent } from '#runtime/cloudevents'
import { decodeRecords, GIVEN_RECORDS, MemoryStateStore, Replay } from '#runtime/operating/replay'
import {
  type AnyKeyedProcess,
  CONSUMER_DEFAULTS,
  type Consumer,
  type DataReader,
  type Decision,
  type Decoded,
} from '#runtime/pipeline'
import { alerting, collectFirings, type Firing, listIdentities } from '../../../lib/alerting/evaluation.ts'
import {
  type Alert,
  type AnyRule,
  getRuleIdentity,
  isPatternRule,
  RULES_ACTIVATED_TYPE,
  type Rule,
} from '../../../lib/alerting/index.ts'
import { createApplication } from '../../../lib/app/application.ts'
import type { Vocabulary } from '../../../lib/app/naming/names.ts'
import { resolveSignals } from '../../../lib/app/naming/topic-table.ts'
import type { OffsetRange, PartitionRange } from '../../../lib/history/index.ts'
import type { Families } from '../../../lib/telemetry/index.ts'
import { readAlert } from '../../queries/alerts/alerts-topic.ts'
import {
  listPartitions,
  type RecordPlaces,
  readPart,
  type TimeRange,
} from '../../queries/records/record-locations.ts'
import { decideComparably } from './comparable.ts'
import { readDecodedRows } from './decoded-rows.ts'
import { type Arrival, batchArrivals } from './recorded-readings.ts'

export interface Tried {
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
  /** Offsets that neither the history nor the log has. */
  readonly missing: readonly PartitionRange[]
  readonly rules: readonly TriedRule[]
  /** Alerts in the order of their starts. */
  readonly alerts: readonly TriedAlert[]
}

export interface TriedRule {
  /** Name and labels of the rule. */
  readonly rule: string
  /** Reason why the rule was not tried. `beyond-readings`: it watches a table or several events. */
  readonly left: 'paused' | 'beyond-readings' | null
  readonly alerts: number
  /** Number of entities with an alert. */
  readonly entities: number
  /** Number of alerts that still fire at the end of the range. */
  readonly firing: number
  /** Number of alerts that have really fired in the range; null for a recording. */
  readonly fired: number | null
}

export interface TriedAlert extends Omit<Firing, 'toMs'> {
  /** End of the alert; null if it still fires at the end of the range. */
  readonly toMs: number | null
}

export interface RulesOnTrial {
  readonly rules: readonly AnyRule[]
  readonly settings: Pick<Consumer, 'env' | 'idWindowMs' | 'futureToleranceMs'> & Vocabulary
  /** Text that the name of an entity must contain; empty for all entities. */
  readonly entity: string
  /** Reader of data that is not JSON. */
  readonly reader?: DataReader
}

interface Range {
  readonly sinceMs: number
  readonly untilMs: number
}

/** Alerts are published some time after the readings that cause them. */
const PUBLISHED_MS = 10 * 60_000
/** Events of a recording that are decided together. */
const AT_ONCE = 500

/**
 * Tries rules on the readings of a range of time.
 *
 * @param stop signal that ends the run with an AbortError
 * @param onProgress called with the number of offsets that were read, and their total number
 * @throws errors of the history and the log
 */
export async function tryRules(
  places: RecordPlaces,
  trial: RulesOnTrial,
  { sinceMs, untilMs }: Range,
  stop: AbortSignal,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Tried> {
  const { idWindowMs, env, families, names } = trial.settings
  const warmFromMs =
    sinceMs - Math.max(idWindowMs, ...trial.rules.filter(isReadingRule).map(computeLookbackMs))
  const range = { fromMs: warmFromMs, untilMs }
  const consumer = await createConsumer(trial)
  const evaluation = new Evaluation(trial, stop)
  const topics = resolveSignals(['readings']).map(signal => names.topicName(signal, env))
  const partitions = await listPartitions(places, 'readings', topics, range)
  const total = partitions.flatMap(({ parts }) => parts).reduce((sum, part) => sum + countOffsets(part), 0)
  let readOffsets = 0
  for (const partition of partitions) {
    const replay = new Replay({ log: GIVEN_RECORDS, consumer }, partition, new MemoryStateStore())
    for (const part of partition.parts) {
      const { object, ...offsets } = part
      if (object && places.store)
        await evaluation.take(
          replay,
          readDecodedRows(families, places.store, { object, ...offsets }, range, consumer),
        )
      else
        for await (const records of readPart(families, places, partition, part, range))
          await evaluation.take(replay, [await decodeRecords(records, consumer)])
      readOffsets += countOffsets(part)
      onProgress(readOffsets, total)
    }
  }
  const fired = await readAlerts(families, places, names.topicName('alerts', env), {
    ...range,
    untilMs: untilMs + PUBLISHED_MS,
  })
  const missing = partitions.flatMap(({ topic, partition, missing: own }) =>
    own.map(part => ({ topic, partition, ...part })),
  )
  return { ...evaluation.result({ sinceMs, untilMs }, fired), warmFromMs, missing }
}

/**
 * Tries rules on a recording. The state before its first reading is unknown.
 *
 * @param arrivals readings in the order of their arrival
 */
export async function tryOnRecording(
  arrivals: readonly Arrival[],
  trial: RulesOnTrial,
  stop: AbortSignal,
): Promise<Tried> {
  const startMs = arrivals[0]?.arrivedMs ?? 0
  const untilMs = (arrivals.at(-1)?.arrivedMs ?? 0) + 1
  const consumer = await createConsumer(trial)
  // A reading arrives at its own time here, so that it is never ahead of the log.
  const atItsTime = { ...consumer, futureToleranceMs: Number.MAX_SAFE_INTEGER }
  const evaluation = new Evaluation(trial, stop)
  const { env, names } = trial.settings
  const place = { topic: names.topicName('readings', env), partition: 0, key: null }
  const replay = new Replay({ log: GIVEN_RECORDS, consumer: atItsTime }, place, new MemoryStateStore())
  let offset = 0
  for (const batch of batchArrivals(arrivals, startMs, AT_ONCE)) {
    const records = batch.map(({ arrivedMs: timestampMs, event }) => {
      return { ...place, offset: offset++, timestampMs, ...writeEvent(event, 'structured') }
    })
    await evaluation.take(replay, [await decodeRecords(records, atItsTime)])
  }
  const result = evaluation.result({ sinceMs: startMs, untilMs }, undefined)
  return { ...result, warmFromMs: startMs, missing: [] }
}

async function createConsumer({ rules, settings, reader }: RulesOnTrial): Promise<Consumer<AnyKeyedProcess>> {
  const { env, idWindowMs, futureToleranceMs } = settings
  const application = createApplication(settings)
  return {
    ...CONSUMER_DEFAULTS,
    ...{ env, idWindowMs, futureToleranceMs, ...(reader && { reader }) },
    application,
    failuresTo: application.failuresTopic,
    process: alerting(settings.families, rules.filter(isReadingRule)) as AnyKeyedProcess,
    // All entities are new at the start of a range, although most of them were not new when their readings arrived.
    newEntities: Number.MAX_SAFE_INTEGER,
  }
}

class Evaluation {
  readonly #trial: RulesOnTrial
  readonly #stop: AbortSignal
  readonly #alerts: Alert[] = []
  readonly #counts = { readings: 0, duplicates: 0, failed: 0 }
  #beginsMs: number | null = null

  constructor(trial: RulesOnTrial, stop: AbortSignal) {
    this.#trial = trial
    this.#stop = stop
  }

  /** Decides the next records of a partition. */
  async take(
    replay: Replay,
    groups: Iterable<readonly Decoded[]> | AsyncIterable<readonly Decoded[]>,
  ): Promise<void> {
    for await (const group of groups) {
      // Yields to the event loop. Otherwise, an abort of the signal would not be noticed.
      await setImmediate(undefined, { signal: this.#stop })
      const [first] = group
      if (first) this.#beginsMs = Math.min(first.record.timestampMs, this.#beginsMs ?? Infinity)
      const own = group.map(decoded => omitOthers(decoded, this.#trial.entity))
      this.#note(await decideComparably(replay, own))
    }
  }

  /** @param fired alerts that have really fired; undefined if they are unknown */
  result(range: Range, fired: readonly Alert[] | undefined): Omit<Tried, 'warmFromMs' | 'missing'> {
    const { entity: text, rules: all } = this.#trial
    const alerts = selectFirings(this.#alerts, range)
    const real = fired && selectFirings(fired, range).filter(({ entity }) => entity.includes(text))
    const rules = all.map((rule): TriedRule => {
      const identities = listIdentities(rule)
      const isOwn = (alert: TriedAlert) => identities.includes(alert.rule)
      const own = alerts.filter(isOwn)
      return {
        rule: getRuleIdentity(rule),
        left: rule.paused ? 'paused' : isReadingRule(rule) ? null : 'beyond-readings',
        alerts: own.length,
        entities: new Set(own.map(({ entity }) => entity)).size,
        firing: own.filter(({ toMs }) => toMs === null).length,
        fired: real?.filter(isOwn).length ?? null,
      }
    })
    return { ...range, beginsMs: this.#beginsMs, ...this.#counts, rules, alerts }
  }

  #note(decisions: readonly Decision[]): void {
    const { families } = this.#trial.settings
    for (const { outcome, event, emitted = [] } of decisions) {
      if (outcome === 'failed') this.#counts.failed += 1
      else if (outcome === 'duplicate') this.#counts.duplicates += 1
      else if (outcome === 'applied' && event && families.findByType(event.type)) this.#counts.readings += 1
      for (const entry of emitted) if (entry.to === 'alerts') this.#alerts.push(entry.event.data as Alert)
    }
  }
}

/**
 * Returns a record as ignored if it is of another entity. A rule set in the log, which would replace the rules on trial, is ignored
 * too.
 *
 * @param entity text that the name of an entity must contain
 */
function omitOthers(decoded: Decoded, entity: string): Decoded {
  if (decoded.kind !== 'event') return decoded
  const { record, event, isTick } = decoded
  const isOther = !isTick && !event.entity.includes(entity)
  return isOther || event.type === RULES_ACTIVATED_TYPE
    ? { kind: 'ignored', record, event, reason: 'not-mine' }
    : decoded
}

/** Returns the alerts that fire within a range, in the order of their starts. */
function selectFirings(alerts: readonly Alert[], { sinceMs, untilMs }: Range): readonly TriedAlert[] {
  return collectFirings(alerts)
    .filter(({ fromMs, toMs }) => fromMs < untilMs && toMs >= sinceMs)
    .map(firing => ({ ...firing, toMs: firing.toMs < untilMs ? firing.toMs : null }))
    .toSorted((a, b) => a.fromMs - b.fromMs)
}

function countOffsets({ fromOffset, toOffset }: OffsetRange): number {
  return toOffset - fromOffset + 1
}

/** Returns whether a rule watches the readings of a single entity, as opposed to a table or several events. */
function isReadingRule(rule: AnyRule): rule is Rule {
  return !isPatternRule(rule) && rule.table === undefined
}

/** Returns the time before a reading on which the state of a rule can depend, apart from alerts that keep firing. */
function computeLookbackMs({ measure, forMs, keepFiringForMs, staleAfterMs }: Rule): number {
  // A change is compared with a value that is up to twice as old as its duration.
  return 2 * (measure?.overMs ?? 0) + forMs + keepFiringForMs + staleAfterMs
}

/** Reads the alert events of a range. */
async function readAlerts(
  families: Families,
  places: RecordPlaces,
  topic: string,
  range: TimeRange,
): Promise<readonly Alert[]> {
  const alerts: Alert[] = []
  for (const partition of await listPartitions(places, 'alerts', [topic], range))
    for (const part of partition.parts)
      for await (const records of readPart(families, places, partition, part, range))
        for (const record of records) {
          // Any client can write to the topic.
          const found = readAlert(record)
          if (found) alerts.push(found.alert)
        }
  return alerts
}
