/** Shows alerts below the records that caused them or, if others follow already, with the position of their record. */
import { isFailure, type LogRecord } from '#runtime/cloudevents'
import type { Event, Failure } from '#runtime/consumer'
import type { LogReader } from '#runtime/pipeline'
import { getAlert } from '../../control/queries/alerts/alerts-topic.ts'
import { findCauseKey, listCauseKeys } from '../../control/queries/alerts/cause-keys.ts'
import { describeStatus } from '../../lib/alerting/index.ts'
import type { Families } from '../../lib/telemetry/index.ts'

/** Number of records, and of alerts that were read before their records, that are remembered. */
const MAX_KEPT = 100_000

export class CausedAlerts {
  readonly #families: Families
  readonly #log: LogReader
  readonly #print: (line: string) => void
  /** Short names of the records that were shown, by key. */
  readonly #shown = new Map<string, string>()
  /** Alerts that were read before their records. */
  readonly #waiting = new Map<string, readonly string[]>()
  #lastKeys: readonly string[] = []

  constructor(families: Families, log: LogReader, print: (line: string) => void) {
    this.#families = families
    this.#log = log
    this.#print = print
  }

  /** Shows the alerts of a record whose line was printed last. */
  showBelow(record: LogRecord, event: Event | Failure): void {
    this.#lastKeys = listCauseKeys(record, event)
    const subject = isFailure(event) ? record.key : (event.subject ?? event.source)
    for (const key of this.#lastKeys) {
      keep(this.#shown, key, `${record.partition}@${record.offset}${subject ? ` ${subject}` : ''}`)
      for (const line of this.#waiting.get(key) ?? []) this.#print(`  ${line}`)
      this.#waiting.delete(key)
    }
  }

  /** Shows an alert if a record of the topic caused it and was shown, or as soon as it is. @param event decoded event of the alerts topic */
  async show(event: Event, topic: string): Promise<void> {
    const alert = getAlert(event)
    const key = alert && (await findCauseKey(this.#log, topic, alert, event))
    if (!alert || key === undefined) return
    const { status, why } = describeStatus(this.#families, alert)
    const line = `${status} ${alert.rule} ${alert.severity}  ${alert.alertId}  ${why}`
    const name = this.#shown.get(key)
    if (name === undefined) keep(this.#waiting, key, [...(this.#waiting.get(key) ?? []), line])
    else this.#print(this.#lastKeys.includes(key) ? `  ${line}` : `  ${name}: ${line}`)
  }
}

/** Adds an entry, and removes the oldest if there are too many. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_KEPT && oldest !== undefined) map.delete(oldest)
}
