/**
 * The expected result for a partition of readings: a single thread processes the records in order and forgets nothing. It
 * implements the rules of the runtime and the process `counting` a second time, from their description.
 */
import type { KafkaRecord } from '../kafka/records.ts'
import { createId, type LedgerEvent, MAPPED, READING } from './event.ts'
import { isForeign } from './input.ts'
import { Intake } from './intake.ts'

const SILENCE_MS = 1_500
const FORGET_MS = 2_500
/** Upper bound for the data of an emission: the message limit of the topic `events`, minus room for the attributes. */
const MAX_EMISSION = 1024 * 1024 - 1_000

export interface State {
  readonly count: number
  readonly chain: number
  readonly lastMs: number
  readonly isSilent: boolean
}

export interface Timer {
  readonly name: string
  readonly dueMs: number
  readonly thresholdMs: number
  readonly id: string
}

/** An event that must be published. */
export interface Emission {
  readonly id: string
  readonly type: string
  readonly subject: string
  readonly time: string
  /** The position in the log at which it was emitted. First copies of one partition are ordered by this text. */
  readonly sequence: string
  readonly data: object
}

/** A record that must be published as a failure with its original bytes. If the code is undefined, it may be. */
export interface FailureRecord {
  readonly id: string
  readonly code: string | undefined
  readonly sequence: string
  readonly record: KafkaRecord
}

/** The event or timer that caused a step, as far as emissions and timers are derived from it. */
interface Cause {
  readonly time: string
  emissionId(name: string): string
  timer(name: string, dueMs: number): Timer
}

export class Reference {
  readonly states = new Map<string, State>()
  readonly timers = new Map<string, Timer[]>()
  readonly intake = new Intake(type => ['ledger.signal.v1', READING].includes(type), MAPPED)
  readonly #topic: string
  readonly #emit: (emission: Emission) => void
  readonly #send: (failure: FailureRecord) => void
  /** The number of emissions at the current record, by the record and by the timers that fire before it. */
  #index = 0
  #offset = 0
  /** Number of records of other producers: each has one outcome, and `counting` applies none of them. */
  foreign = 0

  constructor(topic: string, emit: (emission: Emission) => void, send: (failure: FailureRecord) => void) {
    this.#topic = topic
    this.#emit = emit
    this.#send = send
  }

  get tally(): ReadonlyMap<string, number> {
    return this.intake.tally
  }

  apply(record: KafkaRecord): void {
    this.#index = 0
    this.#offset = record.offset
    this.intake.advance(record)
    for (let next = this.#passed(); next; next = this.#passed()) this.#fire(next.entity, next.timer)
    if (isForeign(record)) {
      this.foreign += 1
      this.#fail(record, undefined)
      return
    }
    const event = this.intake.take(record)
    const ending = typeof event === 'string' ? event : this.#process(event)
    this.intake.ended(ending)
    const [outcome, reason = ''] = ending.split('/')
    if (outcome === 'failed') this.#fail(record, reason)
  }

  #process(event: LedgerEvent): string {
    const { entity, timeMs } = event
    for (let due = this.#dueBefore(entity, timeMs); due; due = this.#dueBefore(entity, timeMs))
      this.#fire(entity, due)
    if (event.data.refuse) return 'failed/rejected'
    const { echo, temperature, number = temperature } = event.data
    const echoed = { echo: [echo, echo] }
    if (JSON.stringify(echoed).length > MAX_EMISSION) return 'failed/emission-too-large'
    const before = this.states.get(entity)
    const isLate = before !== undefined && timeMs < before.lastMs
    const count = (before?.count ?? 0) + 1
    const chain = chained(before?.chain ?? 0, number)
    const cause = this.#createCause(event)
    this.intake.applied(event)
    const names = [...(before?.isSilent ? ['back'] : []), ...(count % 3 === 0 ? ['third'] : [])]
    for (const name of isLate ? [] : names) this.#tell(cause, name, event.subject, { count, chain })
    if (echo !== undefined) this.#tell(cause, 'echo', event.subject, echoed)
    if (isLate) {
      this.states.set(entity, { ...before, count, chain })
      return 'applied/late'
    }
    this.states.set(entity, { count, chain, lastMs: timeMs, isSilent: false })
    // An entity has one timer at a time: a signal cancels `forget`.
    this.timers.set(entity, [cause.timer('silence', timeMs + SILENCE_MS)])
    return 'applied/counted'
  }

  #fire(entity: string, timer: Timer): void {
    const { name, dueMs } = timer
    const cause = this.#causeOfTimer(entity, timer)
    const state = this.states.get(entity) as State
    const subject = entity.slice(entity.indexOf(' ') + 1)
    const { count, chain } = state
    const isSilence = name === 'silence'
    this.#tell(cause, isSilence ? 'silent' : 'forgotten', subject, { count, chain })
    this.intake.ended(isSilence ? 'timer/silent' : 'timer/forgotten')
    if (isSilence) {
      this.states.set(entity, { ...state, isSilent: true })
      this.timers.set(entity, [cause.timer('forget', dueMs + FORGET_MS)])
    } else {
      this.states.delete(entity)
      this.timers.delete(entity)
    }
  }

  /** The first due timer: by threshold, then by the bytes of the entity's name. */
  #passed(): { readonly entity: string; readonly timer: Timer } | undefined {
    let first: { readonly entity: string; readonly timer: Timer } | undefined
    for (const [entity, [timer]] of this.timers) {
      if (timer === undefined || timer.thresholdMs >= this.intake.nowMs) continue
      const order = first ? timer.thresholdMs - first.timer.thresholdMs : -1
      if (order < 0 || (order === 0 && first && Buffer.from(entity).compare(Buffer.from(first.entity)) < 0))
        first = { entity, timer }
    }
    return first
  }

  #dueBefore(entity: string, timeMs: number): Timer | undefined {
    return this.timers.get(entity)?.find(({ dueMs }) => dueMs < timeMs)
  }

  #createCause({ source, id, time, timeMs, entity }: LedgerEvent): Cause {
    const { nowMs } = this.intake
    return {
      time,
      emissionId: name => createId('emission', 'counting', source, id, name),
      timer: (name, dueMs) => ({
        name,
        dueMs,
        thresholdMs: nowMs + dueMs - timeMs,
        id: createId('timer', 'counting', entity, name, dueMs, source, id),
      }),
    }
  }

  #causeOfTimer(entity: string, by: Timer): Cause {
    return {
      time: new Date(by.dueMs).toISOString(),
      emissionId: name => createId('timer-emission', 'counting', by.id, name),
      timer: (name, dueMs) => ({
        name,
        dueMs,
        thresholdMs: by.thresholdMs + dueMs - by.dueMs,
        id: createId('timer-timer', 'counting', entity, name, dueMs, by.id),
      }),
    }
  }

  #tell(cause: Cause, name: string, subject: string, data: object): void {
    const { time } = cause
    const sequence = this.#next()
    this.#emit({ id: cause.emissionId(name), type: `ledger.${name}.v1`, subject, time, sequence, data })
  }

  #fail(record: KafkaRecord, code: string | undefined): void {
    const id = createId('failure', 'counting', this.#topic, record.partition, record.offset)
    this.#send({ id, code, sequence: this.#next(), record })
  }

  /** `0.<offset>.<index>`, padded with zeros. */
  #next(): string {
    const place = [String(this.#offset).padStart(16, '0'), String(this.#index).padStart(8, '0')]
    this.#index += 1
    return ['0', ...place].join('.')
  }
}

/** A checksum that depends on all numbers so far and their order. */
export function chained(chain: number, number: number): number {
  return (Math.imul(chain, 31) + number) >>> 0
}
