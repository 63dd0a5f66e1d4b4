/** Two consumers in a row: `relaying` emits for each event, and `summing` counts what it receives. Both can lose their states. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord, OutgoingRecord } from '../../cloudevents/record.ts'
import type { Event } from '../../consumer/event.ts'
import type { FailureData } from '../../consumer/failure-event.ts'
import { completeStep, type Emission, type KeyedProcess } from '../../consumer/process.ts'
import { Unavailable } from '../../pipeline/errors.ts'
import { PublishedFailureReader } from '../../pipeline/failures/published-failures.ts'
import type { LogReader, StateStore } from '../../pipeline/ports.ts'
import { Stage } from '../../testing/consumer-kit.ts'
import { MemoryLogBounds } from '../../testing/memory-log-bounds.ts'
import { MemoryLogReader } from '../../testing/memory-log-reader.ts'
import type { Random } from '../../testing/random.ts'
import { FIRST_APPEND_MS, kafkaEvent, logRecord } from '../../testing/records.ts'
import { APPLICATION, TICK_TYPE, tick, topicName } from './application.ts'
import { ComparedStates } from './compared-states.ts'
import { nextAttempt } from './parking.ts'
import { reprocessed } from './reprocessing.ts'
import { keepStates } from './stage.ts'

const [SOURCE, MIDDLE, FAILURES] = ['readings', 'events', 'failures'].map(signal =>
  topicName(signal as 'readings', 'test'),
) as [string, string, string]
const NOT_TRIMMED = new Unavailable('store-unavailable', 'injected')
const SENT = 'test.sent'
const PARTITIONS = 2
/** Partition whose state is replaced. */
const TAKEN_OVER = 1
/** Entities of each partition. */
const ENTITIES = [
  ['a', 'b'],
  ['c', 'd'],
]

interface Relayed {
  readonly events: readonly string[]
  readonly code: number
}

/** What a run has met, so that a test can check that it has looked at everything. */
export type Situation =
  | 'timer'
  | 'parked'
  | 'failed'
  | 'failed-again-after-loss'
  | 'redriven'
  | 'source-lost'
  | 'reader-lost'
  | 'takeover'
  | 'two-takeovers-at-one-offset'
  | 'late-copy'
  | 'recreated'
  | 'not-higher'
  | 'guess'
  | 'not-trimmed'

export class EmissionChain {
  readonly met = new Set<Situation>()
  readonly #random: Random
  readonly #source: LogRecord[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly #middle: LogRecord[] = []
  readonly #failures: LogRecord[] = []
  /** Events whose processing throws. */
  readonly #failing = new Set<string>()
  readonly #redrives: { readonly failure: FailureData; readonly incarnation: number }[] = []
  readonly #committed = Array.from({ length: PARTITIONS }, () => 0)
  readonly #keptStates: readonly ComparedStates[]
  readonly #relay: Stage
  readonly #reader: Stage
  #publishedFailures = new PublishedFailureReader()
  /** True once no trim fails any more. */
  #isCalm = false
  #read = 0
  #incarnation = 0
  /** Tag of the running code, which is part of each state. A takeover by other code emits a correction for each state. */
  #code = 0
  #seconds = 0
  #events = 0

  /** @param keeps false if every chunk is loaded, and no state is kept after its commit */
  constructor(random: Random, keeps = true) {
    this.#random = random
    this.#keptStates = keeps ? [new ComparedStates(randomUUID()), new ComparedStates(randomUUID())] : []
    this.#relay = new Stage(APPLICATION, this.#relaying() as KeyedProcess<never>, {
      log: this.#log(() => [...this.#source.flat(), ...this.#failures]),
      bounds: { bounds: (...wanted) => new MemoryLogBounds(this.#failures).bounds(...wanted) },
    })
    const log = this.#log(() => this.#middle)
    this.#reader = new Stage(APPLICATION, summing as KeyedProcess<never>, { log }, 'events')
    const emitters = new Map([[MIDDLE, new Set(['relaying'])]])
    this.#failTrims(this.#relay.store)
    this.#keptStates[0]?.watch(this.#relay.store)
    this.#keptStates[1]?.watch(this.#reader.store)
    // Few timers fit into a commit, so many chunks end early.
    const limits = { ...this.#reader.consumer.limits, timers: 2 }
    // Ids are forgotten at once, so only origin and sequence show repeats.
    this.#reader.consumer = { ...this.#reader.consumer, idWindowMs: 0, emitters, limits }
  }

  async play(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) await this.#step()
    this.#failing.clear()
    this.#isCalm = true
    for (let round = 0; this.#redrives.length > 0 || round < 3; round += 1) {
      if (round > 20) throw new Error('no end')
      while (this.#redrives.length > 0) this.#redrive()
      for (let tick = 0; tick < 5; tick += 1) this.#tick()
      await this.#deliver()
    }
    await this.#readMiddle()
  }

  /** Returns the emissions that the reader has counted other than once, and the events whose emission it has never counted. */
  async violations(): Promise<string[]> {
    const counts = new Map<string, number>()
    for (const entity of ENTITIES.flat())
      for (const [name, count] of Object.entries(
        ((await this.#reader.state(`/relaying ${entity}`)) as Summed | undefined) ?? {},
      ))
        counts.set(name, count)
    const sent = new Set(this.#middle.map(record => (plain(record).data as { name: string }).name))
    const expected = this.#source.flat().flatMap(record => {
      const { type, id } = plain(record)
      return type === TICK_TYPE ? [] : [`event ${this.#incarnation} ${id}`]
    })
    if (this.#keptStates.some(({ proven }) => proven > 0)) this.met.add('guess')
    const miscounted = [...new Set([...sent, ...expected])]
      .filter(name => counts.get(name) !== 1)
      .map(name => `${name} was counted ${counts.get(name) ?? 0} times`)
    return [...miscounted, ...this.#keptStates.flatMap(({ differences }) => differences)]
  }

  async #step(): Promise<void> {
    const random = this.#random
    const chance = random.next()
    if (chance < 0.35) this.#event()
    else if (chance < 0.5) this.#tick()
    else if (chance < 0.72) await this.#deliver()
    else if (chance < 0.8) await this.#readMiddle()
    else if (chance < 0.86) this.#redrive()
    else if (chance < 0.9) this.#lose()
    else if (chance < 0.92) this.#loseReader()
    else if (chance < 0.95) this.#copyLate()
    else if (chance < 0.99) await this.#takeOver()
    else this.#recreate()
  }

  #event(): void {
    const partition = this.#random.between(0, PARTITIONS - 1)
    const id = `e${this.#events}`
    this.#events += 1
    const subject = this.#random.pick(ENTITIES[partition] as string[])
    // A takeover settles failures of records that succeed now, so it is not mixed with failures of the same partition.
    if (partition !== TAKEN_OVER && this.#random.chance(0.2)) this.#failing.add(id)
    this.#append(partition, timestampMs => ({
      id,
      source: '/relaying',
      subject,
      type: 'test.taken',
      time: new Date(timestampMs).toISOString(),
      data: {},
    }))
  }

  #tick(): void {
    for (let partition = 0; partition < PARTITIONS; partition += 1)
      this.#append(partition, timestampMs => tick(partition, new Date(timestampMs).toISOString()))
  }

  #append(partition: number, event: (timestampMs: number) => Parameters<typeof logRecord>[1]): void {
    this.#seconds += 1
    const timestampMs = FIRST_APPEND_MS + this.#seconds * 1000
    const log = this.#source[partition] as LogRecord[]
    log.push(logRecord(log.length, event(timestampMs), { topic: SOURCE, partition, timestampMs }))
  }

  /** Delivers a part of what is not committed yet, as Lambda does, and publishes what the consumer emits. */
  async #deliver(): Promise<void> {
    const records = this.#source.flatMap((log, partition) => log.slice(this.#committed[partition]))
    if (records.length === 0) return
    if (this.#random.chance(0.2)) this.#publishedFailures = new PublishedFailureReader()
    await this.#relay.consume(kafkaEvent(records), {
      publishedFailures: this.#publishedFailures,
      ports: {
        ...keepStates({ store: this.#relay.store }, this.#keptStates[0]),
        breaker: { open: async () => Number.NEGATIVE_INFINITY },
      },
    })
    const waits = this.#relay.observer.waits.splice(0)
    const others = waits.filter(({ error }) => error !== NOT_TRIMMED)
    assert.deepEqual(others, [], 'a partition waits for another reason')
    // The batch is delivered again.
    if (waits.length > 0) this.met.add('not-trimmed')
    else for (const [partition, log] of this.#source.entries()) this.#committed[partition] = log.length
    this.#takePublished()
    this.#note()
  }

  /** Lets a trim fail now and then, before or after the store has done it. */
  #failTrims(store: StateStore): void {
    const trimOutbox = store.trimOutbox.bind(store)
    const mayFail = () => {
      if (!this.#isCalm && this.#random.chance(0.05)) throw NOT_TRIMMED
    }
    store.trimOutbox = async (...wanted) => {
      mayFail()
      await trimOutbox(...wanted)
      mayFail()
    }
  }

  #takePublished(): void {
    for (const record of this.#relay.publisher.publishedRecords.splice(0)) {
      if (record.topic === MIDDLE) this.#toMiddle(record)
      else if (record.topic === FAILURES) {
        const failure = plain(record).data as FailureData
        const timestampMs = FIRST_APPEND_MS + this.#seconds * 1000
        const place = { topic: FAILURES, timestampMs }
        this.#failures.push(logRecord(this.#failures.length, record, place))
        this.#redrives.push({ failure, incarnation: this.#incarnation })
        this.met.add('failed')
      }
    }
  }

  #toMiddle({ key, value, headers }: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>): void {
    // Long pauses, so that no id is remembered.
    const timestampMs = FIRST_APPEND_MS + this.#middle.length * 3_600_000
    this.#middle.push(logRecord(this.#middle.length, { key, value, headers }, { topic: MIDDLE, timestampMs }))
  }

  async #readMiddle(): Promise<void> {
    const records = this.#middle.slice(this.#read)
    if (records.length === 0) return
    await this.#reader.consume(kafkaEvent(records), {
      ports: keepStates({ store: this.#reader.store }, this.#keptStates[1]),
    })
    this.#read = this.#middle.length
    this.#note()
  }

  /** Appends the next attempt of a failure. Failures of a deleted topic are dropped. */
  #redrive(): void {
    const next = this.#redrives.shift()
    if (!next || next.incarnation !== this.#incarnation) return
    this.#seconds += 1
    const log = this.#source[next.failure.originalPartition] as LogRecord[]
    log.push(nextAttempt(next.failure, log.length, FIRST_APPEND_MS + this.#seconds * 1000))
    const { id } = plain(log.at(-1) as LogRecord)
    if (this.#random.chance(0.7)) this.#failing.delete(id)
    this.met.add('redriven')
  }

  /** Loses the state of a partition: all of it. What failed before may succeed now, because its cause was temporary. */
  #lose(): void {
    for (let partition = 0; partition < PARTITIONS; partition += 1)
      this.#relay.store.restore(this.#relay.stateKey(partition), undefined)
    if (this.#random.chance(0.7)) this.#failing.clear()
    this.met.add('source-lost')
  }

  #loseReader(): void {
    this.#reader.store.restore(this.#reader.stateKey(), undefined)
    this.#read = Math.max(0, this.#middle.length - 1)
    this.met.add('reader-lost')
  }

  /** An invocation that was overtaken publishes its outbox late: these records are in the topic already. */
  #copyLate(): void {
    if (this.#middle.length === 0) return
    const from = this.#random.between(0, this.#middle.length - 1)
    for (const record of this.#middle.slice(from, from + 3)) this.#toMiddle(record as OutgoingRecord)
    this.met.add('late-copy')
  }

  /** Replaces the state by one that other code has computed; half of the time twice at one offset, with a loss in between. */
  async #takeOver(): Promise<void> {
    const log = this.#source[TAKEN_OVER] as LogRecord[]
    if (log.length === 0) return
    await this.#takeOverOnce(log)
    this.met.add('takeover')
    if (this.#random.chance(0.5)) return
    this.#lose()
    await this.#takeOverOnce(log)
    this.met.add('two-takeovers-at-one-offset')
  }

  async #takeOverOnce(log: readonly LogRecord[]): Promise<void> {
    await this.#deliverAgain()
    this.#code += 1
    await reprocessed(this.#relay as never, log, {
      state: this.#relay.stateKey(TAKEN_OVER),
      takeoverMs: FIRST_APPEND_MS + this.#code,
    })
    // The next batch publishes the corrections: a loss before it would lose them with their cause.
    await this.#deliverAgain()
  }

  /** Delivers the last record of the partition again, together with all records that are not committed. */
  async #deliverAgain(): Promise<void> {
    const last = (this.#source[TAKEN_OVER] as LogRecord[]).length - 1
    this.#committed[TAKEN_OVER] = Math.min(last, this.#committed[TAKEN_OVER] as number)
    // Until all is decided again after a loss, readers would drop what a takeover emits.
    while ((this.#committed[TAKEN_OVER] as number) <= last) await this.#deliver()
  }

  /** Deletes the topic and creates it again. The operator drops the states. */
  #recreate(): void {
    for (const [partition, log] of this.#source.entries()) {
      log.length = 0
      this.#committed[partition] = 0
      this.#relay.store.restore(this.#relay.stateKey(partition), undefined)
    }
    this.#incarnation += 1
    this.met.add('recreated')
  }

  #note(): void {
    const outcomes = [this.#relay, this.#reader].flatMap(({ observer }) => observer.decisions.splice(0))
    for (const { outcome, reason, isPublished } of outcomes) {
      if (outcome === 'timer' && reason === 'later') this.met.add('timer')
      if (outcome === 'parked') this.met.add('parked')
      if (isPublished) this.met.add('failed-again-after-loss')
      if (reason === 'not-higher') this.met.add('not-higher')
    }
  }

  #log(records: () => readonly LogRecord[]): LogReader {
    const reader = () => new MemoryLogReader(records(), 7, `topic ${this.#incarnation}`)
    return { read: (...wanted) => reader().read(...wanted), identity: topic => reader().identity(topic) }
  }

  /** Emits for each event, later by a timer, and a correction for each state that other code takes over. */
  #relaying(): KeyedProcess<Relayed> {
    const emission = (kind: string, name: string, entity: string): Emission => ({
      name: kind,
      to: 'events',
      key: entity,
      type: SENT,
      source: '/relaying',
      subject: entity,
      data: { name: `${kind} ${this.#incarnation} ${name}` },
    })
    const getSubject = (entity: string) => entity.slice(entity.indexOf(' ') + 1)
    return {
      name: 'relaying',
      accepts: ['test.taken'],
      parking: { forMs: 3_600_000 },
      onEvent: (state, event) => {
        if (this.#failing.has(event.id)) throw new Error('not now')
        const events = [...(state?.events ?? []), event.id]
        const timers = [{ name: `later ${event.id}`, dueMs: event.timeMs + 2_000 }]
        const emit = [emission('event', event.id, getSubject(event.entity))]
        return completeStep('relayed', { events, code: this.#code }, emit, timers)
      },
      onTimer: (state, { name, entity }) =>
        completeStep('later', state, [emission('timer', name, getSubject(entity))]),
      onTakeover: (_, rebuilt, { entity }) => ({
        state: rebuilt,
        emit: [emission('correction', `${this.#code} ${entity}`, getSubject(entity))],
      }),
    }
  }
}

function plain(record: Pick<LogRecord, 'value' | 'headers'>): Event {
  const event = readEvent(record)
  if (isFailure(event)) throw new Error(event.message)
  return event
}

type Summed = Readonly<Record<string, number>>

const summing: KeyedProcess<Summed, { readonly name: string }> = {
  name: 'summing',
  accepts: [SENT],
  onEvent(state, { data, timeMs }) {
    const { name } = data as { name: string }
    const timers = ['a', 'b', 'c'].map((timer, index) => ({ name: timer, dueMs: timeMs + index + 1 }))
    return completeStep('summed', { ...state, [name]: (state?.[name] ?? 0) + 1 }, [], timers)
  },
  onTimer: state => completeStep('passed', state),
}
