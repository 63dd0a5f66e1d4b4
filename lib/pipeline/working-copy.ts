/** A slot as a wave changes it: what one record changes, the next one sees. */
import type { LogRecord } from '../cloudevents/record.ts'
import { TOPICS } from '../domain/topics.ts'
import { advance } from './clock.ts'
import type { Consumer } from './consumer.ts'
import type {
  Change,
  Decision,
  LogClock,
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  Snapshot,
} from './ports.ts'
import type { Stored } from './step.ts'
import { Agenda } from './timers.ts'

/** As long as the dlq keeps letters, somebody may redrive one. */
const FAILURE_WINDOW_MS = TOPICS.dlq.keptDays * 24 * 60 * 60_000

export class WorkingCopy {
  readonly agenda: Agenda
  readonly decisions: Decision[] = []
  readonly #consumer: Pick<Consumer, 'idWindowMs'>
  readonly #snapshot: Snapshot
  /** What the wave has changed, as it will be stored; null where the entity is forgotten. */
  readonly #changed = new Map<string, string | null>()
  readonly #applied = new Map<string, RememberedId>()
  readonly #failures = new Map<string, RememberedFailure>()
  readonly #outbox: OutboxEntry[] = []
  /** So many of the outbox belong to decisions that are made. */
  #accounted = 0
  #clock: LogClock
  #mark: number
  #fired: number
  #emitted: number

  constructor(consumer: Pick<Consumer, 'idWindowMs'>, snapshot: Snapshot) {
    this.#consumer = consumer
    this.#snapshot = snapshot
    this.agenda = new Agenda(snapshot)
    this.#clock = snapshot.clock
    this.#mark = snapshot.version.mark
    this.#fired = snapshot.version.fired
    this.#emitted = snapshot.emitted
  }

  /** At the mark. */
  get clock(): LogClock {
    return this.#clock
  }

  /** How much was emitted since the mark. */
  get emitted(): number {
    return this.#emitted
  }

  /**
   * Undefined where there is none. Each step has it from JSON, as if it had come out of the store: where a wave begins
   * must make no difference, and neither must a process that changes in place what it returned or emitted before.
   */
  state(entity: string): unknown {
    const json = this.#changed.has(entity) ? this.#changed.get(entity) : this.#snapshot.states.get(entity)
    return json ? JSON.parse(json) : undefined
  }

  take(entity: string, { json, entries, set, cancelled }: Stored): void {
    this.#changed.set(entity, json)
    for (const name of cancelled) this.agenda.cancel(entity, name)
    for (const timer of set) this.agenda.set(entity, timer)
    if (json === null) this.forget(entity)
    this.send(entries)
  }

  /** The entity has neither state nor timers from now on. */
  forget(entity: string): void {
    this.#changed.set(entity, null)
    this.agenda.cancelAll(entity)
  }

  send(entries: readonly OutboxEntry[]): void {
    this.#outbox.push(...entries)
    this.#emitted += entries.length
  }

  /** What is known of an id at a time on the log's clock. */
  known(id: string, nowMs: number): RememberedId | undefined {
    const known = this.#applied.get(id) ?? this.#snapshot.known.get(id)
    return known && nowMs - known.appliedAtMs <= this.#consumer.idWindowMs ? known : undefined
  }

  remember(id: RememberedId): void {
    this.#applied.set(id.id, id)
  }

  /** What is remembered of a failure at a time on the log's clock: the store may still have older ones. */
  failure(id: string, nowMs: number): RememberedFailure | undefined {
    const failure = this.#failures.get(id) ?? this.#snapshot.failures.get(id)
    return failure && nowMs - failure.failedAtMs <= FAILURE_WINDOW_MS ? failure : undefined
  }

  rememberFailure(failure: RememberedFailure): void {
    this.#failures.set(failure.id, failure)
  }

  /** A timer has fired: the record before which it did is not decided yet. */
  fired(decision: Decision): void {
    this.#made(decision)
    this.#fired += 1
  }

  /** The log's clock at the next record. */
  clockAt({ timestampMs }: LogRecord): LogClock {
    return advance(this.#clock, timestampMs)
  }

  /** The record is decided: the mark moves to it, and the clock with it. */
  decided(clock: LogClock, decision: Decision): void {
    this.#made(decision)
    this.#clock = clock
    this.#mark = decision.offset
    this.#fired = 0
    this.#emitted = 0
  }

  get change(): Change {
    return {
      base: this.#snapshot.version,
      mark: this.#mark,
      fired: this.#fired,
      emitted: this.#emitted,
      clock: this.#clock,
      states: this.#changed,
      timers: this.agenda.changes,
      ids: [...this.#applied.values()],
      failures: [...this.#failures.values()],
      outbox: this.#outbox,
      tally: tally(this.decisions),
      idWindowMs: this.#consumer.idWindowMs,
      failureWindowMs: FAILURE_WINDOW_MS,
    }
  }

  /** What was sent since the decision before is this one's. */
  #made(decision: Decision): void {
    const emitted = this.#outbox.slice(this.#accounted)
    this.#accounted = this.#outbox.length
    this.decisions.push(emitted.length > 0 ? { ...decision, emitted } : decision)
  }
}

function tally(decisions: readonly Decision[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { outcome, reason } of decisions) {
    const name = `${outcome}/${reason}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
