/**
 * The reference of the consumer `parking`: which chapters are parked behind one that is retried, and when they follow. A second
 * implementation, from the description in docs/consumers.md. The bound in bytes is left out: chapters are small.
 */
import type { KafkaRecord } from '../kafka/records.ts'
import { readEndedFailure } from './ended.ts'
import { createId, type LedgerEvent, MAPPED } from './event.ts'
import type { Remembered } from './failures.ts'
import type { HeldEntity } from './held.ts'
import { type Attempt, type Hold, Holds } from './holds.ts'
import { isForeign } from './input.ts'
import { formatName, Intake } from './intake.ts'
import { type Redrive, readRedrive, withoutRedrive } from './redrive.ts'
import type { FailureRecord, Timer } from './reference.ts'
import { whyNotTaken } from './tasks.ts'

const MAX_PARKED = 20
const PARKED_FOR_MS = 30_000
const CODE = 'unexpected-error'

interface Story {
  readonly count: number
  readonly numbers: readonly number[]
}

/** The reference for one partition of the readings. */
export class Chapters {
  readonly states = new Map<string, Story>()
  readonly intake = new Intake(type => type === 'ledger.chapter.v1', MAPPED)
  readonly #failures = new Map<string, Remembered>()
  readonly #holds = new Holds()
  /** The first place of each chapter, by its number; of one that came again after it had failed for good, its last. */
  readonly #places = new Map<number, number>()
  /** The stories whose order a bound has given up. */
  readonly #givenUp = new Set<string>()
  readonly #topic: string
  readonly #send: (failure: FailureRecord) => void
  #index = 0
  foreign = 0

  constructor(topic: string, send: (failure: FailureRecord) => void) {
    this.#topic = topic
    this.#send = send
  }

  get tally(): ReadonlyMap<string, number> {
    return this.intake.tally
  }

  get holds(): ReadonlyMap<string, HeldEntity> {
    return this.#holds.held
  }

  get timers(): ReadonlyMap<string, readonly Timer[]> {
    return this.#holds.timers
  }

  apply(record: KafkaRecord): void {
    this.#index = 0
    this.intake.advance(record)
    this.#followUp(record)
    if (isForeign(record)) {
      this.foreign += 1
      this.#send(this.#createFailure(record, record, 1, undefined, false))
      return
    }
    this.intake.ended(this.#ending(record))
  }

  /** Returns the stored stories whose order has changed, although their failure was not given up. */
  disorder(stored: ReadonlyMap<string, string>): string[] {
    const found: string[] = []
    for (const [entity, json] of stored) {
      if (this.#givenUp.has(entity)) continue
      const { numbers } = JSON.parse(json) as Story
      const places = numbers.map(number => this.#places.get(number) ?? -1)
      const at = places.findIndex((place, index) => place < (places[index - 1] ?? -1))
      if (at > 0) found.push(`${entity}: chapter ${numbers[at]} was applied after ${numbers[at - 1]}`)
    }
    return found
  }

  /** Ends holds whose time is over, and applies what released entities have parked: the earliest first. */
  #followUp(during: KafkaRecord): void {
    const next = () => this.#holds.passed(this.intake.nowMs)
    for (let entity = next(); entity !== undefined; entity = next()) {
      const hold = this.#holds.of(entity) as Hold
      if (hold.waitsFor) this.#giveUp(entity, 'time')
      else this.#unpark(entity, hold, during)
    }
  }

  #ending(record: KafkaRecord): string {
    const ended = readEndedFailure(record)
    if (ended) return this.#failureEnded(ended.failure)
    const redrive = readRedrive(record)
    if (redrive?.consumer !== 'parking') return this.#first(record)
    const before = this.#failures.get(redrive.failure)
    const why = whyNotTaken(redrive, before)
    if (why === 'failed/unknown-failure') this.#fail(record, record, why, undefined, false)
    if (why !== undefined || before === undefined) return why ?? 'failed/unknown-failure'
    return this.#next(withoutRedrive(record), redrive, before)
  }

  #failureEnded(failure: string): string {
    const entity = this.#holds.heldBy(failure)
    if (entity === undefined) return 'ignored/failure-ended'
    this.#release(entity, 'ended')
    return 'applied/failure-ended'
  }

  #first(record: KafkaRecord): string {
    const event = this.intake.take(record)
    if (typeof event !== 'string') return this.#take({ record, event, number: 1 })
    if (event.startsWith('failed/')) this.#fail(record, record, event, undefined, false)
    return event
  }

  /** The next attempt at a failure. Whether it succeeds or not, an entity that waits for it may go on. */
  #next(record: KafkaRecord, { failure: id, attempt: number }: Redrive, before: Remembered): string {
    const held = this.#holds.heldBy(id)
    const hold = held === undefined ? undefined : this.#holds.of(held)
    const event = this.intake.take(record, hold?.waitsFor && formatName(hold.waitsFor.event))
    if (typeof event !== 'string') {
      const ending = this.#take({ record, event, number, at: { id, before } })
      // A later attempt that fails is waited for again.
      if (held !== undefined && !ending.startsWith('failed/')) this.#release(held, 'retried', event)
      return ending
    }
    if (event.startsWith('failed/')) this.#fail(record, record, event, { id, before }, false)
    else this.#close({ id, before })
    if (held !== undefined) this.#release(held, event.startsWith('duplicate/') ? 'retried' : 'failed')
    return event
  }

  #take(attempt: Attempt): string {
    const { event, at, record } = attempt
    if (!this.#places.has(event.data.number)) this.#places.set(event.data.number, record.offset)
    for (let hold = this.#holds.of(event.entity); hold; hold = this.#holds.of(event.entity)) {
      if (at && at.id === hold.waitsFor?.failure) break
      if (hold.parked.length < MAX_PARKED) {
        this.#close(at)
        this.intake.applied(event)
        const parked = [...hold.parked, { ...attempt, clockMs: this.intake.nowMs }]
        this.#holds.put(event.entity, { ...hold, parked })
        return 'parked/entity-held'
      }
      this.#giveUp(event.entity, 'full')
      this.#followUp(record)
    }
    const parks = at === undefined || this.#holds.heldBy(at.id) !== undefined
    const ending = this.#tell(attempt, record, parks)
    if (ending === `failed/${CODE}` && at === undefined) {
      this.intake.applied(event)
      this.#begin(attempt, [], this.intake.nowMs)
    }
    return ending
  }

  #unpark(entity: string, hold: Hold, during: KafkaRecord): void {
    const [next, ...rest] = hold.parked
    if (next === undefined) throw new Error(`${entity} was released and has parked nothing`)
    this.#holds.delete(entity)
    const parks = next.at === undefined
    const ending = this.#tell(next, during, parks)
    this.intake.ended(`parked-${ending}`)
    const isFailed = ending.startsWith('failed/')
    if (isFailed && parks) this.#begin(next, rest, rest[0]?.clockMs ?? this.intake.nowMs)
    else {
      if (isFailed) this.intake.forget(next.event)
      this.#holds.put(entity, { untilMs: hold.untilMs, parked: rest })
    }
  }

  /** The process fails as the event says. */
  #tell({ record, event, number, at }: Attempt, during: KafkaRecord, parks: boolean): string {
    if (number <= (event.data.fails ?? 0)) {
      this.#fail(record, during, `failed/${CODE}`, at, parks)
      return `failed/${CODE}`
    }
    this.#close(at)
    this.intake.applied(event)
    const numbers = [...(this.states.get(event.entity)?.numbers ?? []), event.data.number]
    this.states.set(event.entity, { count: numbers.length, numbers })
    this.#places.set(event.data.number, at?.before.offset ?? record.offset)
    return 'applied/told'
  }

  #begin({ record, event }: Attempt, parked: Hold['parked'], fromMs: number): void {
    this.intake.ended(`held/${CODE}`)
    const waitsFor = {
      failure: createId('failure', 'parking', this.#topic, record.partition, record.offset),
      event,
    }
    this.#holds.put(event.entity, { waitsFor, untilMs: fromMs + PARKED_FOR_MS, parked })
  }

  #giveUp(entity: string, why: 'full' | 'time'): void {
    this.intake.ended(`timer/parking-${why}`)
    this.#givenUp.add(entity)
    this.#release(entity, why)
  }

  /** @param told the event, if it was processed: only then a copy of it is a repeat */
  #release(entity: string, why: string, told?: LedgerEvent): void {
    const { waitsFor, ...hold } = this.#holds.of(entity) as Hold
    if (waitsFor && told === undefined) this.intake.forget(waitsFor.event)
    this.intake.ended(`released/${why}`)
    this.#holds.put(entity, hold)
  }

  #close(at: Attempt['at']): void {
    if (at) this.#failures.set(at.id, { ...at.before, attempt: at.before.attempt + 1, isOpen: false })
  }

  #fail(record: KafkaRecord, during: KafkaRecord, how: string, at: Attempt['at'], parks: boolean): void {
    const { partition, offset } = at?.before ?? record
    const attempt = (at?.before.attempt ?? 0) + 1
    const id = createId('failure', 'parking', this.#topic, partition, offset)
    this.#failures.set(id, { attempt, isOpen: true, partition, offset })
    const code = how.slice('failed/'.length)
    this.#send(this.#createFailure({ ...record, partition, offset }, during, attempt, code, parks))
  }

  /** @param during the record before which, or as which, it failed */
  #createFailure(
    record: KafkaRecord,
    during: KafkaRecord,
    attempt: number,
    code: string | undefined,
    parks: boolean,
  ): FailureRecord {
    const { partition, offset } = record
    const parts = attempt === 1 ? [] : [attempt]
    const id = createId('failure', 'parking', this.#topic, partition, offset, ...parts)
    const at = [String(during.offset).padStart(16, '0'), String(this.#index).padStart(8, '0')]
    this.#index += 1
    return { id, code, sequence: ['0', ...at].join('.'), record: withoutRedrive(record), parks }
  }
}
