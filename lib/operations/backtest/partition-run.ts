/**
 * Decides the records of one partition with the process of `alerting`, as the pipeline does, but much faster: states stay in memory
 * as objects, ids are compared without hashes, and nothing is committed. Readings and ticks take this path. The pipeline's own
 * `apply` decides all other records, such as erasures, redriven records and failures.
 */

import { entityOf, partsOfEntity, type Received } from '../../../packages/runtime/consumer/event.ts'
import type { Step, Timer } from '../../../packages/runtime/consumer/process.ts'
import {
  type AnyKeyedProcess,
  CONSUMER_DEFAULTS,
  type Consumer,
} from '../../../packages/runtime/pipeline/consumer.ts'
import { apply } from '../../../packages/runtime/pipeline/deciding/apply.ts'
import { byThreshold } from '../../../packages/runtime/pipeline/deciding/timers.ts'
import type { Decoded } from '../../../packages/runtime/pipeline/decoding/decode.ts'
import { digestOf } from '../../../packages/runtime/pipeline/failures/failure-record.ts'
import { advance } from '../../../packages/runtime/pipeline/log/clock.ts'
import type {
  LogClock,
  RememberedFailure,
  Snapshot,
  StoredTimer,
} from '../../../packages/runtime/pipeline/model.ts'
import type { Alert } from '../../alerting/alert.ts'
import type { AlertingState } from '../../alerting/entity-state.ts'
import type { AnyRule } from '../../alerting/patterns/pattern.ts'
import { alerting } from '../../alerting/process.ts'
import { APPLICATION } from '../../app/application.ts'
import { familyOf } from '../../telemetry/families.ts'
import { TICK_TYPE } from '../../telemetry/tick.ts'
import { TimerHeap } from './timer-heap.ts'

export type AlertingConsumer = Consumer<AnyKeyedProcess>

export type ConsumerSettings = Pick<AlertingConsumer, 'env' | 'idWindowMs' | 'futureToleranceMs'> &
  Partial<Pick<AlertingConsumer, 'reader' | 'application'>>

/** Returns the alerting consumer with fixed rules. Rule sets in the log do not replace them. */
export function consumerOf(rules: readonly AnyRule[], settings: ConsumerSettings): AlertingConsumer {
  const { context, parking: _, ...live } = alerting(rules)
  const inForce = context.initial
  const process = {
    ...live,
    onEvent: (state, event) => live.onEvent(state, event, inForce),
    onTimer: (state, timer) => live.onTimer?.(state, timer, inForce) as Step<AlertingState>,
    onErase: (state, erasure) => live.onErase?.(state, erasure, inForce) ?? [],
  } as typeof live
  return {
    ...CONSUMER_DEFAULTS,
    application: APPLICATION,
    failuresTo: APPLICATION.failuresTopic,
    process: process as AnyKeyedProcess,
    // All entities are new at the start of a range, although most of them were not new when their readings arrived.
    newEntities: Number.MAX_SAFE_INTEGER,
    ...settings,
  }
}

interface Entity {
  readonly name: string
  readonly subject: string
  readonly source: Source
  state: AlertingState | undefined
  /** Pending timers in the order in which they fire. */
  timers: readonly StoredTimer[]
  /** Time of the entity's entry in the heap. It is not later than the first timer. */
  queuedMs: number
}

interface Source {
  readonly ids: KnownIds
  readonly entities: Map<string, Entity>
}

/** Failures that are remembered for redriven records. */
const MAX_FAILURES = 100_000
const NO_TIMERS: readonly StoredTimer[] = []

export class PartitionRun {
  readonly counts = { readings: 0, duplicates: 0, failed: 0 }
  readonly #consumer: AlertingConsumer
  readonly #process: AnyKeyedProcess
  readonly #onAlert: (alert: Alert) => void
  readonly #sources = new Map<string, Source>()
  readonly #timers = new TimerHeap<Entity>()
  readonly #failures = new Map<string, RememberedFailure>()
  /** Timestamp of the first record; undefined before it. */
  beginsMs: number | undefined
  #failuresFromMs: number | undefined
  #clock: LogClock = { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined }

  constructor(consumer: AlertingConsumer, onAlert: (alert: Alert) => void) {
    this.#consumer = consumer
    this.#process = consumer.process
    this.#onAlert = onAlert
  }

  /** Advances the log's clock to a record, and fires the timers that are due by then. */
  pass(timestampMs: number): void {
    this.beginsMs ??= timestampMs
    this.#failuresFromMs ??= timestampMs
    this.#clock = advance(this.#clock, timestampMs)
    const { nowMs } = this.#clock
    while (this.#timers.firstMs < nowMs) {
      const firstMs = this.#timers.firstMs
      const entity = this.#timers.pop()
      if (firstMs !== entity.queuedMs) continue
      entity.queuedMs = Number.POSITIVE_INFINITY
      const [timer] = entity.timers
      if (timer && timer.thresholdMs < nowMs) this.#fire(entity, timer)
      this.#queue(entity)
    }
  }

  /** Decides a record that the pipeline has decoded. */
  record(decoded: Decoded): void {
    const before = this.#clock
    this.pass(decoded.record.timestampMs)
    const isRedriven = decoded.redriveTarget !== undefined
    if (decoded.kind === 'event' && !isRedriven && isPlain(decoded.event.type)) this.#event(decoded.event)
    else if (decoded.kind !== 'ignored' || decoded.endedFailure) this.#byPipeline(decoded, before)
  }

  /** Decides a valid reading or tick. */
  event(event: Received, timestampMs: number): void {
    this.pass(timestampMs)
    this.#event(event)
  }

  #event(event: Received): void {
    const entity = this.#entityOf(event)
    const isTick = event.type === TICK_TYPE
    const { nowMs } = this.#clock
    const { ids } = entity.source
    if (!isTick && ids.has(event.id, nowMs)) {
      this.counts.duplicates += 1
      return
    }
    for (let due = this.#dueBefore(entity, event.timeMs); due; due = this.#dueBefore(entity, event.timeMs))
      this.#fire(entity, due)
    if (this.#step(entity, event, nowMs - event.timeMs) && !isTick) {
      ids.add(event.id, nowMs)
      this.counts.readings += 1
    }
    this.#queue(entity)
  }

  #dueBefore(entity: Entity, timeMs: number): StoredTimer | undefined {
    if (entity.timers.length === 0) return undefined
    return entity.timers.find(({ dueMs, name }) => dueMs < timeMs && !this.#process.awaitsLog?.(name))
  }

  #fire(entity: Entity, timer: StoredTimer): void {
    const { name, dueMs, thresholdMs } = timer
    entity.timers = entity.timers.filter(one => one !== timer)
    const fires: Timer = { name, dueMs, entity: entity.name, ...partsOfEntity(entity.name) }
    this.#step(entity, fires, thresholdMs - dueMs)
  }

  /**
   * Applies an event or a due timer to the entity. Returns whether this has succeeded.
   *
   * @param behindMs time by which the threshold of a new timer is later than its due time
   */
  #step(entity: Entity, input: Received | Timer, behindMs: number): boolean {
    let step: Step<unknown>
    try {
      step =
        'dueMs' in input
          ? (this.#process.onTimer?.(entity.state, input, undefined) as Step<unknown>)
          : this.#process.onEvent(entity.state, input, undefined)
    } catch {
      step = { kind: 'rejected', why: 'the step has failed' }
    }
    if (step.kind === 'rejected') {
      this.counts.failed += 1
      return false
    }
    entity.state = step.state as AlertingState | undefined
    if (entity.state === undefined) entity.timers = NO_TIMERS
    else if (step.timers.length > 0) {
      const changed = new Set(step.timers.map(({ name }) => name))
      const set = step.timers.flatMap(({ name, dueMs }) =>
        dueMs === undefined ? [] : [{ name, dueMs, thresholdMs: behindMs + dueMs, id: '', trace: {} }],
      )
      entity.timers = [...entity.timers.filter(({ name }) => !changed.has(name)), ...set].sort(byThreshold)
    }
    for (const { to, data } of step.emit) if (to === 'alerts') this.#onAlert(data as Alert)
    return true
  }

  /** Adds the entity to the heap, unless it is there at a time that is early enough. Forgets an entity without a state. */
  #queue(entity: Entity): void {
    const [first] = entity.timers
    if (first && first.thresholdMs < entity.queuedMs) {
      entity.queuedMs = first.thresholdMs
      this.#timers.push(first.thresholdMs, entity)
    }
    const { state, subject, source } = entity
    // The heap may still contain an earlier object of the same entity.
    if (state === undefined && source.entities.get(subject) === entity) source.entities.delete(subject)
  }

  #entityOf({ source, subject = '' }: Pick<Received, 'source' | 'subject'>): Entity {
    let own = this.#sources.get(source)
    if (own === undefined) {
      own = { ids: new KnownIds(this.#consumer.idWindowMs), entities: new Map() }
      this.#sources.set(source, own)
    }
    let entity = own.entities.get(subject)
    if (entity === undefined) {
      const name = entityOf({ source, subject })
      const none = { state: undefined, timers: NO_TIMERS, queuedMs: Number.POSITIVE_INFINITY }
      entity = { name, subject, source: own, ...none }
      own.entities.set(subject, entity)
    }
    return entity
  }

  /** Decides a record as the pipeline does, with the parts of the state that the record may touch. */
  #byPipeline(decoded: Decoded, clock: LogClock): void {
    const isEvent = decoded.kind === 'event'
    const entity = isEvent ? this.#entityOf(decoded.event) : undefined
    const known = isEvent && entity?.source.ids.has(decoded.event.id, this.#clock.nowMs)
    const json = entity?.state === undefined ? undefined : JSON.stringify(entity.state)
    const snapshot: Snapshot = {
      version: { epoch: 1, appliedOffset: decoded.record.offset - 1, fired: 0 },
      clock,
      appliedDigest: undefined,
      emitted: 0,
      parkedBytes: 0,
      failuresFromMs: this.#failuresFromMs,
      states: new Map(entity && json !== undefined ? [[entity.name, json]] : []),
      timers: new Map(entity ? [[entity.name, entity.timers]] : []),
      timersUpTo: undefined,
      notLoaded: new Set(),
      // Contents of events are not compared: an id that is used again has no effect in either case.
      known: new Map(
        isEvent && known
          ? [[decoded.fingerprint.id, { ...decoded.fingerprint, appliedAtMs: this.#clock.nowMs }]]
          : [],
      ),
      failures: this.#failuresFor(decoded),
      failureMemory: { bytes: 0, forgotten: 0 },
      outbox: [],
    }
    const { decisions, change } = apply(this.#consumer, snapshot, [decoded])
    for (const { outcome } of decisions) {
      if (outcome === 'failed') this.counts.failed += 1
      else if (outcome === 'duplicate') this.counts.duplicates += 1
      else if (outcome === 'applied' && isEvent && familyOf(decoded.event.type)) this.counts.readings += 1
    }
    for (const failure of change.failures) this.#failures.set(failure.id, failure)
    for (const id of this.#failures.keys()) {
      if (this.#failures.size <= MAX_FAILURES) break
      this.#failures.delete(id)
    }
    this.#failuresFromMs = change.failuresFromMs
    for (const { to, event } of change.outbox) if (to === 'alerts') this.#onAlert(event.data as Alert)
    if (!isEvent || !entity) return
    if (change.ids.length > 0) entity.source.ids.add(decoded.event.id, this.#clock.nowMs)
    const state = change.states.get(entity.name)
    if (state !== undefined) entity.state = state === null ? undefined : JSON.parse(state)
    entity.timers = change.timers.get(entity.name) ?? entity.timers
    this.#queue(entity)
  }

  /**
   * Returns the failure that a record retries, with the digest that the record names. The digest itself cannot be compared, because
   * the history keeps the event of a failed record, but not always its bytes.
   */
  #failuresFor({ record, redriveTarget }: Decoded): ReadonlyMap<string, RememberedFailure> {
    const failure = redriveTarget && this.#failures.get(redriveTarget.failure)
    if (!failure) return new Map()
    const digest = redriveTarget.replaces ?? digestOf(record)
    return new Map([[failure.id, { ...failure, digest }]])
  }
}

function isPlain(type: string): boolean {
  return type === TICK_TYPE || familyOf(type) !== undefined
}

/** Ids of the applied events of a source. Ids older than the window are removed in blocks. */
class KnownIds {
  readonly #windowMs: number
  #newest = new Map<string, number>()
  #older = new Map<string, number>()
  #sinceMs = Number.NEGATIVE_INFINITY

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  has(id: string, nowMs: number): boolean {
    const atMs = this.#newest.get(id) ?? this.#older.get(id)
    return atMs !== undefined && nowMs - atMs <= this.#windowMs
  }

  add(id: string, nowMs: number): void {
    if (nowMs - this.#sinceMs > this.#windowMs) {
      this.#older = this.#newest
      this.#newest = new Map()
      this.#sinceMs = nowMs
    }
    this.#newest.set(id, nowMs)
  }
}
