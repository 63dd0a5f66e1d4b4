/**
 * Plays a log in which events fail, are parked, and are retried in any order or never. Compares the results of a process with
 * parking to the expected results: each event of an entity must be applied once, in the original order.
 */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { LogRecord } from '#runtime/cloudevents'
import { type Event, type FailureData, formatEntity } from '#runtime/consumer'
import type { Decision } from '#runtime/pipeline'
import { ComparedStates } from '#runtime/test/support/compared-states'
import { completeStep, EMPTY_SELECTION, type KeyedProcess, type Parking } from '#runtime/test/support/inside'
import { failureEnded, nextAttempt } from '#runtime/test/support/parking'
import { logRecord } from '#runtime/test/support/records'
import type { Random } from '#runtime/testing'
import { tick } from '../../lib/telemetry/tick.ts'
import { Stage } from './stage.ts'

const TYPE = 'test.signal.v1'
const START_MS = Date.parse('2026-03-01T12:00:00Z')
const SUBJECTS = ['a', 'b', 'c']
const ALWAYS_MS = 1e12
const CLOSED = { open: async () => Number.NEGATIVE_INFINITY }

interface SeenIds {
  readonly seen: readonly string[]
}

/** Lists the events and timers of an entity. Throws at every event that is in `broken`. */
function listing(broken: ReadonlySet<string>, parking?: Parking): KeyedProcess<SeenIds> {
  const emission = (name: string, entity: string, seen: readonly string[]) =>
    ({
      name,
      to: 'events',
      key: entity,
      type: 'test.seen.v1',
      source: '/listing',
      subject: entity,
      data: { seen },
    }) as const
  return {
    name: 'listing',
    accepts: [TYPE],
    ...(parking && { parking }),
    awaitsLog: name => name === 'silent',
    onEvent(state, { id, timeMs, entity }) {
      if (broken.has(id)) throw new Error('broken')
      const seen = [...(state?.seen ?? []), id].slice(-6)
      return completeStep(
        'listed',
        { seen },
        [emission('seen', entity, seen)],
        [
          { name: 'silent', dueMs: timeMs + 150_000 },
          ...(id.endsWith('3') ? [{ name: 'soon', dueMs: timeMs + 20_000 }] : []),
        ],
      )
    },
    onTimer({ seen: before }, { name, dueMs, entity }) {
      const seen = [...before, `${name} ${dueMs - START_MS}`].slice(-6)
      return completeStep(name, { seen }, [emission(name, entity, seen)])
    },
  }
}

interface Fate {
  /** Probability that the retries of a failed event are abandoned, which ends its failure. */
  readonly ended: number
  /** Probability that a failed event is never retried, and that its failure never ends. */
  readonly lost: number
}

export interface Play {
  readonly parking: Parking
  readonly fate: Fate
  /**
   * True if states and emissions must be the same as for a log without failures. This requires that no limit is reached and no
   * retries are abandoned.
   */
  readonly asIfNothingFailed?: boolean
  /** False if every chunk is loaded; by default, states are kept. */
  readonly keeps?: boolean
}

/** Plays one random schedule. Returns the violations of the guarantees, and for measuring coverage the decisions and proven guesses. */
export async function playParking(
  random: Random,
  { parking, fate, asIfNothingFailed = false, keeps = true }: Play,
): Promise<{ readonly found: string[]; readonly decisions: readonly Decision[]; readonly proven: number }> {
  const run = new Run(random, parking, fate, keeps)
  await run.play()
  const found = [...run.violations(), ...(await run.stillParked())]
  if (asIfNothingFailed && found.length === 0) found.push(...(await run.differences()))
  return { found, decisions: run.decisions, proven: run.instance?.proven ?? 0 }
}

class Run {
  readonly instance: ComparedStates | undefined
  readonly #random: Random
  readonly #fate: Fate
  readonly #broken = new Set<string>()
  /** Number of attempts of each broken event that will fail. */
  readonly #failing = new Map<string, number>()
  readonly #stage: Stage
  readonly #log: LogRecord[] = []
  readonly #coming: { readonly failure: FailureData; readonly ends: boolean; wait: number }[] = []
  readonly #sent: Event[] = []
  readonly #firstAt = new Map<string, number>()
  readonly #idAt = new Map<number, string>()
  readonly #givenUp = new Set<string>()
  #told = 0
  #appendMs = START_MS + 3_600_000
  #signals = 0

  constructor(random: Random, parking: Parking, fate: Fate, keeps: boolean) {
    this.#random = random
    this.#fate = fate
    this.#stage = new Stage(listing(this.#broken, parking) as KeyedProcess<never>)
    this.#stage.consumer = { ...this.#stage.consumer, idWindowMs: ALWAYS_MS }
    this.instance = keeps ? new ComparedStates(randomUUID()) : undefined
    this.instance?.watch(this.#stage.store)
    this.#stage.keptStates = this.instance
  }

  get decisions(): readonly Decision[] {
    return this.#stage.observer.decisions
  }

  async play(): Promise<void> {
    const { before, quiet } = { before: this.#random.between(10, 50), quiet: 40 }
    while (this.#signals < before) await this.#batch(() => this.#next())
    // Continue until no records are pending and all time limits have passed.
    for (let batches = 0; batches < quiet || this.#coming.length > 0; batches += 1) {
      if (batches > 20 * quiet) throw new Error('no end')
      await this.#batch(() => this.#tick())
    }
  }

  async #batch(next: () => LogRecord): Promise<void> {
    const random = this.#random
    const records: LogRecord[] = []
    const size = random.between(1, 10)
    while (records.length < size) {
      this.#appendMs += random.pick([0, 0, 1, 5, 30]) * 1000
      const record = this.#comingBack() ?? next()
      this.#log.push(record)
      records.push(record)
    }
    const { consumer } = this.#stage
    const limits = {
      records: random.between(1, 12),
      bytes: random.pick([100, 2_000, 4_000_000]),
      timers: random.between(1, 4),
    }
    this.#stage.consumer = { ...consumer, limits }
    const { batchItemFailures } = await this.#stage.batch(records, { ports: { breaker: CLOSED } })
    if (batchItemFailures.length > 0) throw new Error('a record waits')
    this.#route()
  }

  /** Handles new failures in the same way as the functions that route failures. */
  #route(): void {
    const events = this.#stage.eventsAfter(this.#told)
    this.#told += events.length
    for (const { type, data } of events) {
      if (type !== 'io.sluice.failure.v1') continue
      const failure = data as FailureData
      const id = this.#getId(failure)
      if (failure.errorType !== 'unexpected-error') throw new Error(`${id}: ${failure.error}`)
      const drawn = this.#random.next()
      if (drawn < this.#fate.ended + this.#fate.lost) this.#givenUp.add(id)
      if (drawn < this.#fate.lost) continue
      const ends = drawn < this.#fate.ended + this.#fate.lost
      this.#coming.push({ failure, ends, wait: this.#random.between(0, 12) })
    }
  }

  #comingBack(): LogRecord | undefined {
    for (const value of this.#coming) value.wait -= 1
    const at = this.#coming.findIndex(({ wait }) => wait < 0)
    const [back] = at < 0 ? [] : this.#coming.splice(at, 1)
    if (!back) return undefined
    const { failure, ends } = back
    if (ends) return this.#at(failureEnded(failure))
    const id = this.#getId(failure)
    if (failure.attempt >= (this.#failing.get(id) ?? 0)) this.#broken.delete(id)
    return nextAttempt(failure, this.#log.length, this.#appendMs)
  }

  #getId({ originalOffset }: FailureData): string {
    return this.#idAt.get(originalOffset) as string
  }

  #next(): LogRecord {
    const random = this.#random
    if (random.chance(0.2)) return this.#tick()
    // A repetition of an abandoned event would count as a new event.
    const repeated = this.#sent.slice(-6).filter(({ id }) => !this.#givenUp.has(id))
    if (random.chance(0.1) && repeated.length > 0) return this.#at(random.pick(repeated))
    const id = `i${this.#signals}`
    this.#signals += 1
    const lateMs = random.chance(0.1) ? 40_000 : 0
    const event: Event = {
      id,
      source: '/signals',
      subject: random.pick(SUBJECTS),
      type: TYPE,
      time: new Date(this.#appendMs - lateMs).toISOString(),
      datacontenttype: 'application/json',
      data: {},
    }
    if (random.chance(0.15)) {
      this.#broken.add(id)
      this.#failing.set(id, random.between(1, 3))
    }
    this.#sent.push(event)
    this.#firstAt.set(id, this.#log.length)
    return this.#at(event)
  }

  #tick(): LogRecord {
    this.#appendMs += 60_000
    return this.#at(tick(0, new Date(this.#appendMs).toISOString()))
  }

  #at(event: Event): LogRecord {
    if (event.type === TYPE) this.#idAt.set(this.#log.length, event.id)
    return logRecord(this.#log.length, event, { timestampMs: this.#appendMs, topic: this.#stage.topic })
  }

  /**
   * Returns violations of the guarantees. Each record must be processed once, no event may be lost or applied twice, and the
   * original order must be kept.
   */
  violations(): string[] {
    const found = [...(this.instance?.differences ?? [])]
    const parked = new Set<number>()
    const ended = new Map<number, number>()
    const applied: Decision[] = []
    for (const decision of this.decisions) {
      const { outcome, offset } = decision
      if (outcome === 'timer') continue
      if (outcome === 'applied' || outcome === 'parked-applied') applied.push(decision)
      if (outcome.startsWith('parked-')) {
        if (!parked.delete(offset)) found.push(`${offset} was not parked`)
      } else ended.set(offset, (ended.get(offset) ?? 0) + 1)
      if (outcome === 'parked') parked.add(offset)
    }
    if (parked.size > 0) found.push(`${parked.size} are still parked`)
    for (const { offset } of this.#log)
      if (ended.get(offset) !== 1) found.push(`${offset} ended ${ended.get(offset) ?? 0} times`)
    const signals = applied.filter(({ event }) => event?.type === TYPE)
    const ids = signals.map(({ event }) => event?.id as string)
    if (new Set(ids).size < ids.length) found.push('an event was applied twice')
    for (const { id } of this.#sent)
      if (!ids.includes(id) && !this.#givenUp.has(id)) found.push(`${id} is lost`)
    for (const [entity, own] of Map.groupBy(signals, ({ event }) => formatEntity(event as Event)))
      if (!this.#isInOrder(entity, own)) found.push(`${entity} is out of order`)
    return found
  }

  /**
   * Returns true if the events of an entity are in order. If a limit was reached or an event was abandoned, failed events may be
   * late, but all others must be in order.
   */
  #isInOrder(entity: string, applied: readonly Decision[]): boolean {
    const own = this.decisions.filter(
      ({ event, timer }) => (timer?.entity ?? (event && formatEntity(event))) === entity,
    )
    const isBound = own.some(({ hold }) => hold === 'full' || hold === 'time')
    const failed = new Set(own.filter(({ failure }) => failure).map(({ event }) => event?.id))
    const offsets = applied
      .filter(({ event }) => !isBound || !failed.has(event?.id))
      .map(({ event }) => this.#firstAt.get(event?.id as string) as number)
    return offsets.every((offset, index) => index === 0 || offset > (offsets[index - 1] as number))
  }

  /** Returns the events that are still parked at the end. The result must be empty. */
  async stillParked(): Promise<string[]> {
    const { store } = this.#stage
    const { parkedBytes } = await store.load(this.#stage.stateKey(), EMPTY_SELECTION)
    return parkedBytes === 0 ? [] : [`${parkedBytes} bytes count as parked`]
  }

  /** Returns the differences from the results of a log without failures. */
  async differences(): Promise<string[]> {
    const reference = new Stage(listing(new Set()) as KeyedProcess<never>)
    reference.consumer = { ...reference.consumer, idWindowMs: ALWAYS_MS }
    await reference.batch(this.#log)
    const found: string[] = []
    for (const subject of SUBJECTS) {
      const entity = `/signals ${subject}`
      if (!isDeepStrictEqual(await this.#stage.state(entity), await reference.state(entity)))
        found.push(`the state of ${entity}`)
      if (!isDeepStrictEqual(listEmissions(this.#stage, entity), listEmissions(reference, entity)))
        found.push(`the emissions of ${entity}`)
    }
    return found
  }
}

/** Returns the emissions without the positions of the records that caused them. */
function listEmissions({ events }: Stage, entity: string) {
  return events
    .filter(({ subject, type }) => subject === entity && type === 'test.seen.v1')
    .map(({ extensions: _, ...event }) => event)
}
