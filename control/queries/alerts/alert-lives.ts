/** Reads the histories of alerts from the alerts topic. */

import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import { type Event, instant } from '#runtime/consumer'
import type { LogReader } from '#runtime/pipeline'
import type { Alert } from '../../../lib/alerting/index.ts'
import { type Range, readRecords } from '../../../lib/log/read-records.ts'
import type { Families } from '../../../lib/telemetry/index.ts'
import { type AlertSummary, alertSummary } from '../../tables/alert-summary.ts'
import { getAlert } from './alerts-topic.ts'

/** Alert with its transitions, as far as they were read. */
export interface AlertLife extends AlertSummary {
  readonly transitions: readonly AlertTransition[]
}

export interface AlertTransition {
  readonly kind: 'fired' | 'resolved'
  /** Event time, RFC 3339. */
  readonly time: string
  /** Time at which the event was written to the topic, RFC 3339. It is later than the event time for old or delayed readings. */
  readonly writtenAt: string
  /** Position in the alerts topic. */
  readonly partition: number
  readonly offset: number
  readonly reason?: string
  readonly value?: number | string
  readonly threshold?: number
  readonly traceparent?: string
}

export type AlertPredicate = (about: Pick<Alert, 'alertId' | 'entity'>) => boolean

/**
 * Returns the alerts in ranges of the alerts topic, by id. If an alert fired before a range starts, only its later events are
 * returned.
 *
 * @param isWanted returns whether an alert is included
 * @param signal ends the search early. The alerts found so far are returned.
 * @throws see `readRecords`
 */
export async function readAlertLives(
  families: Families,
  log: LogReader,
  ranges: readonly Range[],
  {
    isWanted = () => true,
    signal,
  }: { readonly isWanted?: AlertPredicate; readonly signal?: AbortSignal } = {},
): Promise<ReadonlyMap<string, AlertLife>> {
  const lives = new Lives(families, isWanted)
  for await (const record of readRecords(log, ranges)) {
    lives.add(record)
    if (signal?.aborted) break
  }
  return lives.result
}

/**
 * Returns the alerts in records, by alert id. Pure.
 *
 * @param records records in their original order within each partition
 */
export function collectLives(
  families: Families,
  records: readonly LogRecord[],
  isWanted: AlertPredicate = () => true,
): ReadonlyMap<string, AlertLife> {
  const lives = new Lives(families, isWanted)
  for (const record of records) lives.add(record)
  return lives.result
}

class Lives {
  readonly #families: Families
  readonly #isWanted: AlertPredicate
  readonly #byId = new Map<string, Life>()

  constructor(families: Families, isWanted: AlertPredicate) {
    this.#families = families
    this.#isWanted = isWanted
  }

  add(record: LogRecord): void {
    const event = readEvent(record)
    const about = isFailure(event) ? undefined : getAlert(event)
    if (isFailure(event) || !about || !this.#isWanted(about)) return
    const life = this.#byId.get(about.alertId) ?? new Life(this.#families)
    this.#byId.set(about.alertId, life)
    life.add(about, { event, record })
  }

  get result(): ReadonlyMap<string, AlertLife> {
    const entries = [...this.#byId].flatMap(([id, life]) => {
      const one = life.result
      return one ? [[id, one] as const] : []
    })
    return new Map(entries)
  }
}

/** History of one alert. It is built while the topic is read. */
class Life {
  readonly #families: Families
  readonly #transitions: AlertTransition[] = []
  readonly #seen = new Set<string>()
  #isOver = false
  #alert: Alert | undefined
  #traceparent: string | null = null
  #writtenMs = 0

  constructor(families: Families) {
    this.#families = families
  }

  /** Adds an event, unless it is a duplicate. */
  add(alert: Alert, place: ReadEvent): void {
    if (this.#seen.has(place.event.id)) return
    this.#seen.add(place.event.id)
    this.#change(alert, place)
  }

  /** History of the alert; undefined if nothing of it was read. */
  get result(): AlertLife | undefined {
    if (!this.#alert) return undefined
    const summary = alertSummary(this.#families, this.#alert, this.#traceparent, this.#writtenMs)
    return { ...summary, transitions: this.#transitions }
  }

  /**
   * Adds a transition. An alert fires once and resolves once. If several partitions report the same alert, both events can occur
   * again, even after the alert has resolved; such repeats are ignored.
   */
  #change(alert: Alert, place: ReadEvent): void {
    const isFiring = alert.status === 'firing'
    if (this.#isOver || (isFiring && this.#alert)) return
    this.#isOver = !isFiring
    if (isFiring) this.#traceparent = place.event.extensions?.traceparent ?? null
    this.#alert = alert
    this.#writtenMs = place.record.timestampMs
    const { reason, threshold, value = alert.state } = alert
    // An event that resolves an alert for another reason repeats the value with which it fired.
    const isCompared = isFiring || reason === 'cleared'
    this.#note(isFiring ? 'fired' : 'resolved', place, {
      ...(reason === undefined ? {} : { reason }),
      ...(value === undefined || !isCompared ? {} : { value }),
      ...(threshold === undefined || !isCompared ? {} : { threshold }),
    })
  }

  #note(kind: AlertTransition['kind'], place: ReadEvent, more: Partial<AlertTransition>): void {
    const { partition, offset, timestampMs } = place.record
    const traceparent = place.event.extensions?.traceparent
    const traced = traceparent === undefined ? {} : { traceparent }
    const times = { time: getTime(place), writtenAt: instant(timestampMs) }
    this.#transitions.push({ kind, ...times, partition, offset, ...more, ...traced })
  }
}

/** Event with the position at which it was read. */
interface ReadEvent {
  readonly event: Event
  readonly record: LogRecord
}

function getTime({ event, record }: ReadEvent): string {
  return event.time ?? instant(record.timestampMs)
}
