/**
 * Plays consumers, scheduled functions and people beside each other under one seed: who goes on next, how batches are cut, how time
 * passes, and where faults strike. The same seed gives the same schedule. Time is that of the simulation, so that days take
 * milliseconds.
 */
import { MemoryStateStore } from '../../adapters/memory/state-store.ts'
import { Unavailable } from '../../pipeline/errors.ts'
import type { Cursors, Publisher, StateStore } from '../../pipeline/ports.ts'
import { MemoryCircuitBreaker } from '../memory-circuit-breaker.ts'
import { MemoryForwardCursors } from '../memory-forward-cursors.ts'
import { Chance, FAULTS, type Fault } from './chance.ts'
import { Group, type PlayedConsumer } from './group.ts'
import { SimulatedLog, type SimulatedTopic } from './simulated-log.ts'
import { type Actor, Turns, type Waiting } from './turns.ts'

export interface SimulationOptions {
  readonly seed: number
  /** Topics by their Kafka names. */
  readonly topics: ReadonlyMap<string, SimulatedTopic>
  /** Time of the start, in milliseconds since the epoch. */
  readonly startMs: number
  /** Faults that may strike; all by default. */
  readonly faults?: readonly Fault[]
  /** How often faults strike, as a multiple of the usual rates, which are those for one consumer. */
  readonly often?: number
  /** Names of the faults of the seed that strike. By default, all strike. */
  readonly allowed?: ReadonlySet<string>
  /** Time within which everything must be done after the last fault, in milliseconds. */
  readonly settlesInMs?: number
  /** Maximum number of things that come from outside while the consumers do nothing; 25 by default. */
  readonly mostAtOnce?: number
}

/** Something that comes from outside at a time: a record, an operation of a person. */
interface Coming {
  readonly atMs: number
  readonly what: string
  readonly come: () => void | Promise<void>
  /** True if it waits for its calls, as an operation does. */
  readonly isActor?: boolean
}

interface Scheduled {
  readonly name: string
  readonly everyMs: number
  readonly run: (atMs: number, remainingMs: () => number) => Promise<unknown>
  dueMs: number
}

/** A line of the story: what has happened, and when. */
export interface Happened {
  readonly atMs: number
  readonly who: string
  readonly what: string
}

/** Number of steps after which a schedule that has not ended stands still. */
const MOST_STEPS = 200_000
/** Steps after the last record from outside in which faults still strike. */
const FAULTS_AFTER = 40
/** Number of things that come from outside while the consumers do nothing. */
const MOST_AT_ONCE = 25
/** Share of the steps in which a schedule starts, something comes, or a batch begins, for each of the three. */
const BEGINNING = 0.2
const SETTLES_IN_MS = 30 * 60_000
/** Time limit of a scheduled run, in milliseconds. */
const RUN_MS = 60_000
/** Time after which a person stops an operation, in milliseconds. */
const OPERATION_MS = 10 * 60_000

export class Simulation {
  readonly chance: Chance
  readonly turns = new Turns()
  readonly log: SimulatedLog
  /** The store as it is, without faults. */
  readonly store = new MemoryStateStore()
  readonly groups: Group[] = []
  readonly happened: Happened[] = []
  /** Conditions of the end. Each returns what is not done yet; undefined if all is. */
  readonly conditions: (() => string | undefined | Promise<string | undefined>)[] = []
  readonly breaker = new MemoryCircuitBreaker()
  readonly cursors = new MemoryForwardCursors()
  nowMs: number
  readonly #coming: Coming[] = []
  readonly #schedules: Scheduled[] = []
  readonly #running = new Map<Actor, { readonly deadlineMs: number; readonly group?: Group }>()
  readonly #settlesInMs: number
  readonly #mostAtOnce: number
  #calmSinceMs = Number.POSITIVE_INFINITY
  /** Number of things that still come from outside before consumers go on, as if they had been away. */
  #burst = 0
  #stepsLeft: number

  constructor({
    seed,
    topics,
    startMs,
    faults,
    often = 1,
    allowed,
    settlesInMs = SETTLES_IN_MS,
    mostAtOnce = MOST_AT_ONCE,
  }: SimulationOptions) {
    this.chance = new Chance(seed, faults ?? (Object.keys(FAULTS) as Fault[]), often, allowed)
    this.nowMs = startMs
    this.log = new SimulatedLog(topics, () => this.nowMs)
    this.log.gap = () => (this.strikes('marker', 'log') ? this.chance.stream('gap').between(1, 3) : 0)
    this.log.fetchRecords = () => this.chance.stream('fetch').between(1, 30)
    this.#settlesInMs = settlesInMs
    this.#mostAtOnce = mostAtOnce
    this.#stepsLeft = this.chance.stream('end').between(0, FAULTS_AFTER)
  }

  addConsumer(played: PlayedConsumer): Group {
    const group = new Group(this, played)
    this.groups.push(group)
    return group
  }

  /** Adds a function that runs on a schedule, in milliseconds since the epoch that are multiples of the interval. */
  addSchedule(name: string, everyMs: number, run: Scheduled['run']): void {
    this.#schedules.push({ name, everyMs, run, dueMs: Math.ceil(this.nowMs / everyMs) * everyMs })
  }

  /** Adds something that comes from outside at a time; of the same time, in the order of the calls. */
  comes(atMs: number, what: string, come: Coming['come'], isActor = false): void {
    const later = this.#coming.findIndex(other => other.atMs > atMs)
    this.#coming.splice(later < 0 ? this.#coming.length : later, 0, { atMs, what, come, isActor })
  }

  note(who: string, what: string): void {
    this.happened.push({ atMs: this.nowMs, who, what })
  }

  strikes(fault: Fault, who: string): boolean {
    if (!this.chance.strikes(fault, who)) return false
    this.note(who, fault)
    return true
  }

  /**
   * Makes a call of a port: it waits for its turn, may fail before or after its effect, and may answer late or never.
   *
   * @param who name of the consumer or function, as in the story
   * @param what name of the call
   */
  async call<T>(
    who: string,
    what: string,
    call: () => Promise<T>,
    code: Unavailable['code'] = 'store-unavailable',
  ): Promise<T> {
    const place = `${who} ${what}`
    await this.turns.take(what)
    if (this.strikes('hung', place)) {
      if (this.chance.stream(`effect ${place}`).chance(0.5)) await call().catch(() => {})
      await this.turns.take(what, Number.POSITIVE_INFINITY)
    }
    if (this.strikes('refused', place)) throw createUnavailable(code, 'refused')
    const result = await call()
    if (this.strikes('unanswered', place)) throw createUnavailable(code, 'the answer was lost')
    if (this.strikes('late', place)) await this.turns.take(`${what} answers`)
    return result
  }

  /** Returns the publisher of a function. */
  createPublisher(
    who: string,
    onPublished: (records: Parameters<Publisher['publish']>[0]) => void = () => {},
  ) {
    return {
      publish: (records: Parameters<Publisher['publish']>[0]) =>
        this.call(
          who,
          'publish',
          async () => {
            const isPart = this.strikes('partly published', who)
            const written = isPart
              ? records.slice(0, this.chance.stream('part').between(0, records.length))
              : records
            const offsets: number[] = []
            for (const record of written) {
              offsets.push(...(await this.log.publish([record])))
              onPublished([record])
            }
            if (isPart) throw createUnavailable('broker-unavailable', 'a part was published')
            return offsets
          },
          'broker-unavailable',
        ),
      countPartitions: async (topic: string) => this.log.countPartitions(topic),
    }
  }

  /** Returns the ports of Kafka and of the breaker for a function. */
  createPorts(who: string) {
    const kafka = 'broker-unavailable' as const
    const { log, breaker } = this
    return {
      log: {
        read: (...args: Parameters<typeof log.read>) =>
          this.call(who, `read ${args[0]}`, () => log.read(...args), kafka),
        identity: (topic: string) => this.call(who, 'identity', () => log.identity(topic), kafka),
      },
      bounds: {
        bounds: (...args: Parameters<typeof log.bounds>) =>
          this.call(who, 'bounds', () => log.bounds(...args), kafka),
      },
      breaker: {
        open: (...args: Parameters<typeof breaker.open>) =>
          this.call(who, 'open breaker', () => breaker.open(...args)),
      },
    }
  }

  createCursors(who: string): Cursors {
    const { cursors } = this
    return {
      read: key => this.call(who, 'read cursor', () => cursors.read(key)),
      advance: (...args) => this.call(who, 'advance cursor', () => cursors.advance(...args)),
    }
  }

  /** Returns the store of a consumer. */
  createStore(who: string, store: StateStore = this.store): StateStore {
    return {
      load: (...args) => this.call(who, 'load', () => store.load(...args)),
      commit: (...args) => this.call(who, 'commit', () => store.commit(...args)),
      trimOutbox: async (...args) => {
        if (this.strikes('not trimmed', who)) throw createUnavailable('store-unavailable', 'not trimmed')
        await this.call(who, 'trim', () => store.trimOutbox(...args))
      },
    }
  }

  /** Lets the records of a partition expire that no state, and no copy of one, still needs. */
  async expire(topic: string, partition: number): Promise<void> {
    const needed = await Promise.all(this.groups.map(group => group.findNeeded(topic, partition)))
    this.log.expire(topic, partition, Math.min(...needed.flatMap(offset => offset ?? [])))
  }

  /** Waits until a time has passed on the clock of the simulation. */
  pause = (ms: number): Promise<void> => this.turns.take('pause', this.nowMs + ms)

  /**
   * Plays until all that has come is decided, published, trimmed and delivered. Returns what stands still, which must be nothing.
   */
  async run(): Promise<readonly string[]> {
    for (let step = 0; step < MOST_STEPS; step += 1) {
      this.#end()
      this.#pass()
      if (await this.#goOn()) continue
      const left = this.chance.isCalm ? await this.#findUndone() : ['faults']
      const isLate = this.nowMs > this.#calmSinceMs + this.#settlesInMs
      if (left.length === 0) return isLate ? ['all was done too late'] : []
      if (isLate) return left
      // The end of a deployment, or a loss that has come to light, makes new work.
      if (!this.groups.some(group => group.hasWork()) && !this.#leap()) return left
    }
    return ['no end']
  }

  /** Begins an invocation. */
  async begin(name: string, timeoutMs: number, work: () => Promise<void>, group?: Group): Promise<Actor> {
    const actor = await this.turns.begin(name, work)
    if (!actor.isEnded)
      this.#running.set(actor, { deadlineMs: this.nowMs + timeoutMs, ...(group && { group }) })
    else if (actor.error !== undefined) throw actor.error
    return actor
  }

  /** Ends actors: those that have answered, and those whose time is over. */
  #end(): void {
    for (const [actor, { deadlineMs, group }] of this.#running) {
      if (actor.isEnded) {
        this.#running.delete(actor)
        if (actor.error !== undefined) this.note(actor.name, `ends with ${(actor.error as Error).message}`)
        group?.end(actor)
      } else if (deadlineMs <= this.nowMs) this.#kill(actor, 'time limit')
    }
  }

  #kill(actor: Actor, why: string): void {
    const { group } = this.#running.get(actor) ?? {}
    this.note(actor.name, why)
    this.turns.kill(actor)
    this.#running.delete(actor)
    group?.end(actor)
  }

  #pass(): void {
    const clock = this.chance.stream('clock')
    this.nowMs += clock.between(0, 20)
    if (this.strikes('time passes', 'clock')) this.nowMs += clock.pick([2_000, 10_000, 70_000, 200_000])
    if (this.#coming.length > 0 || this.chance.isCalm) return
    this.#stepsLeft -= 1
    if (this.#stepsLeft > 0) return
    this.chance.calm()
    this.#calmSinceMs = this.nowMs
    this.note('simulation', 'no more faults')
  }

  /** Takes the next step. Returns false if nothing can go on at this time. */
  async #goOn(): Promise<boolean> {
    const [coming] = this.#coming
    if (this.#burst > 0 && coming) {
      await this.#comeInBurst(coming)
      return true
    }
    const random = this.chance.stream('turns')
    const waiting = this.turns.waiting.filter(({ dueMs }) => dueMs <= this.nowMs)
    const groups = this.groups.filter(group => group.hasWork())
    const hasCome = coming !== undefined && coming.atMs <= this.nowMs
    const schedule = this.#schedules.find(({ dueMs }) => dueMs <= this.nowMs)
    const drawn = random.next()
    // Where many consumers run, calls go on before others begin: batches would be as small as their number.
    const share = BEGINNING / Math.min(this.groups.length, 4)
    if (schedule && (drawn < share || (waiting.length === 0 && groups.length === 0)))
      await this.#start(schedule)
    else if (hasCome && (drawn < 2 * share || (waiting.length === 0 && groups.length === 0)))
      await this.#receive(coming)
    else if (groups.length > 0 && (drawn < 3 * share || waiting.length === 0))
      await random.pick(groups).begin()
    else if (waiting.length > 0) await this.#resume(random.pick(waiting))
    else return false
    return true
  }

  /** Lets the next thing come, or a schedule start before it. */
  async #comeInBurst(coming: Coming): Promise<void> {
    this.#burst -= 1
    const [schedule] = this.#schedules.toSorted((a, b) => a.dueMs - b.dueMs)
    const isFirst = schedule !== undefined && schedule.dueMs <= coming.atMs
    this.nowMs = Math.max(this.nowMs, isFirst ? schedule.dueMs : coming.atMs)
    await (isFirst ? this.#start(schedule) : this.#receive(coming))
  }

  async #resume(waiting: Waiting): Promise<void> {
    const { actor } = waiting
    const { group } = this.#running.get(actor) ?? {}
    if (this.strikes('killed', actor.name)) return this.#kill(actor, `killed before ${waiting.what}`)
    if (group && this.strikes('overtaken', actor.name)) group.free(actor)
    await this.turns.resume(waiting)
  }

  async #start(schedule: Scheduled): Promise<void> {
    const { name, everyMs, run } = schedule
    const atMs = Math.floor(this.nowMs / everyMs) * everyMs
    // A run that is due several times runs once, as the last one.
    schedule.dueMs = atMs + everyMs
    const deadlineMs = this.nowMs + RUN_MS
    await this.begin(name, RUN_MS, async () => void (await run(atMs, () => deadlineMs - this.nowMs)))
  }

  async #receive(coming: Coming): Promise<void> {
    this.#coming.splice(this.#coming.indexOf(coming), 1)
    this.note('outside', coming.what)
    if (coming.isActor) await this.begin(coming.what, OPERATION_MS, async () => coming.come())
    else await coming.come()
  }

  /** Lets time pass until something can go on. Returns false if nothing ever will. */
  #leap(): boolean {
    const due = [
      ...this.#coming.slice(0, 1).map(({ atMs }) => atMs),
      ...this.#schedules.map(({ dueMs }) => dueMs),
      ...this.groups.flatMap(group => group.listRetries()),
      ...this.turns.waiting.map(({ dueMs }) => dueMs),
      ...[...this.#running.values()].map(({ deadlineMs }) => deadlineMs),
    ].filter(ms => ms > this.nowMs && Number.isFinite(ms))
    if (due.length === 0) return !this.chance.isCalm
    this.nowMs = Math.min(...due)
    if (!this.chance.isCalm) this.#burst = this.chance.stream('burst').between(1, this.#mostAtOnce)
    return true
  }

  async #findUndone(): Promise<string[]> {
    const undone: string[] = []
    for (const actor of this.#running.keys()) undone.push(`${actor.name} runs`)
    for (const { what } of this.#coming) undone.push(`${what} is still to come`)
    for (const group of this.groups) undone.push(...(await group.findUndone()))
    for (const condition of this.conditions) undone.push(...[await condition()].flatMap(what => what ?? []))
    return undone
  }
}

function createUnavailable(code: Unavailable['code'], why: string): Unavailable {
  // A stack is not read, and takes longer than most calls.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const error = new Unavailable(code, `injected: ${why}`)
  Error.stackTraceLimit = stackTraceLimit
  return error
}
