/**
 * Determines which alerts records would fire. The alert rules are evaluated for each reading, with a separate state for each
 * entity. Pure.
 */
import { ALERT_FIRED_TYPE, type Alert } from '../../lib/alerting/alert.ts'
import type { AlertingState } from '../../lib/alerting/entity-state.ts'
import type { AnyRule } from '../../lib/alerting/patterns/pattern.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { rulesInForce } from '../../lib/alerting/rules-in-force.ts'
import { readData } from '../../lib/app/event-data.ts'
import { familyOf, type ReadingData } from '../../lib/telemetry/families.ts'
import { parseTime } from '../../packages/runtime/cloudevents/attributes.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { type Event, entityOf, type Received } from '../../packages/runtime/consumer/event.ts'
import type { Failure } from '../../packages/runtime/consumer/failure-codes.ts'

/** Maximum number of entities whose state is kept. If there are more, the entities with the oldest readings are removed. */
const MAX_ENTITIES = 100_000

/** Alert that a record fires. */
export type Firing = Pick<Alert, 'rule' | 'severity' | 'summary'>

/**
 * Counts alerts. The state of each entity is kept, so that an alert that continues to fire is counted once. Timers do not run, so
 * alerts that only the passing of time would fire, such as an alert about missing readings, are not counted.
 */
export class AlertCounter {
  readonly #process: ReturnType<typeof alerting>
  readonly #rules: ReturnType<typeof rulesInForce>
  readonly #states = new Map<string, AlertingState>()

  constructor(rules: readonly AnyRule[]) {
    this.#process = alerting(rules)
    this.#rules = rulesInForce(rules)
  }

  /**
   * Returns the alerts that the record fires; empty for a record without a valid reading.
   *
   * @param sent decoded event of the record, or the failure if the record cannot be decoded
   */
  firings(record: LogRecord, sent: Event | Failure = readEvent(record)): readonly Firing[] {
    const event = readingIn(record, sent)
    if (!event) return []
    const step = this.#process.onEvent(this.#states.get(event.entity), event, this.#rules)
    if (step.kind === 'rejected') return []
    this.#keep(event.entity, step.state)
    return step.emit.filter(({ type }) => type === ALERT_FIRED_TYPE).map(({ data }) => data as Alert)
  }

  #keep(entity: string, state: AlertingState | undefined): void {
    // A map keeps its entries in the order of insertion, so the first entry is the oldest.
    this.#states.delete(entity)
    if (state === undefined) return
    this.#states.set(entity, state)
    if (this.#states.size <= MAX_ENTITIES) return
    const [oldest] = this.#states.keys()
    if (oldest !== undefined) this.#states.delete(oldest)
  }
}

/**
 * Returns the reading in a record as the alerting function receives it; undefined for other records, and for a reading that
 * consumers would reject.
 */
function readingIn(record: LogRecord, event: Event | Failure): Received<ReadingData> | undefined {
  if (isFailure(event) || familyOf(event.type) === undefined) return undefined
  const read = readData(event)
  if (read.kind === 'failure') return undefined
  const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
  return { ...event, data: read.data as ReadingData, timeMs, entity: entityOf(event) }
}
