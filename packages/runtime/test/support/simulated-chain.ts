/**
 * Two consumers in a row in a simulation: `relaying` emits for each event, and `summing` counts what it receives. Failures are
 * redriven, and an operator replaces the state of a partition now and then.
 */
import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { readRedriveTarget } from '../../cloudevents/redrive.ts'
import { writeEvent } from '../../cloudevents/writer.ts'
import type { Event } from '../../consumer/event.ts'
import { failureId } from '../../consumer/failure-event.ts'
import { completeStep, type Emission, type KeyedProcess } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../../pipeline/consumer.ts'
import { computeCode } from '../../pipeline/loading/code.ts'
import type { Report } from '../../pipeline/model/report.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import { reprocess } from '../../pipeline/reprocessing/reprocess.ts'
import { Random } from '../../testing/random.ts'
import { FIRST_APPEND_MS } from '../../testing/records.ts'
import type { Group } from '../../testing/simulation/group.ts'
import { addRedrives } from '../../testing/simulation/redrives.ts'
import { Simulation } from '../../testing/simulation/simulation.ts'
import { addTicks } from '../../testing/simulation/ticks.ts'
import { compareWithUndisturbed } from '../../testing/simulation/undisturbed.ts'
import { APPLICATION, FAILURE_ENDED_TYPE, topicName } from './application.ts'
import { ComparedGuesses } from './compared-guesses.ts'
import { createConsumer, createLiveStates, listOutcomes, listTopics } from './simulated.ts'

const [SOURCE, MIDDLE, FAILURES] = (['readings', 'events', 'failures'] as const).map(name =>
  topicName(name),
) as [string, string, string]
const [SENT, TAKEN] = ['test.sent', 'test.taken']
const MINUTE_MS = 60_000
/** Entities of each partition. */
const ENTITIES = [
  ['a', 'b'],
  ['c', 'd'],
] as const
/** Partition whose state is replaced. A takeover settles failures of records that succeed now, so none of its events fail. */
const TAKEN_OVER = 1
const EVENTS = 40
const TAKEOVERS = 3

/** Plays a seed. Returns what is not counted once, and situations that the schedule has met. */
export async function playChain(seed: number, keeps = seed % 2 === 0) {
  const chain = new Chain(seed, keeps)
  await chain.play()
  return { found: await chain.findMiscounted(), met: chain.met, simulation: chain.simulation }
}

class Chain {
  readonly met = new Set<string>()
  readonly simulation: Simulation
  readonly #random: Random
  readonly #guesses = new ComparedGuesses()
  /** Events whose processing throws. */
  readonly #failing = new Set<string>()
  readonly #relaying: Consumer
  readonly #relays: Group
  readonly #sums: Group
  /** Highest offset that was ever applied of the partition that is taken over. */
  #highest = -1
  /** Offset of the last takeover. */
  #replacedAt = -1
  /** Tag of the running code, which is part of each state. A takeover by other code emits a correction for each state. */
  #code = 0
  #undone: readonly string[] = []

  constructor(seed: number, keeps: boolean) {
    this.#random = new Random(seed)
    const topics = listTopics({ readings: 2, events: 1, failures: 1 })
    topics.set(SOURCE, { partitions: 2, isKept: true })
    this.simulation = new Simulation({ seed, startMs: FIRST_APPEND_MS, topics })
    this.#relaying = createConsumer(this.#createRelaying())
    const report = (given: Report) => this.#note(given)
    const keep = keeps ? this.#guesses.keep : () => undefined
    this.#relays = this.simulation.addConsumer({
      ...{ codes: [this.#relaying], topics: [SOURCE], keep, report },
      store: this.#guesses.compare(this.#watchHighest(this.simulation.store)),
    })
    // Ids are forgotten at once, so only origin and sequence show repeats.
    const emitters = new Map([[MIDDLE, new Set(['relaying'])]])
    this.#sums = this.simulation.addConsumer({
      ...{ codes: [createConsumer(summing, { idWindowMs: 0, emitters })], topics: [MIDDLE], keep, report },
      store: this.#guesses.compare(this.simulation.store),
    })
    for (const own of this.#relays.partitions)
      this.simulation.conditions.push(() => {
        const { parkedBytes } = this.simulation.store.copyState(own) as { readonly parkedBytes: number }
        return parkedBytes > 0 ? 'events are parked' : undefined
      })
    addTicks(this.simulation, APPLICATION, { topic: SOURCE, partitions: 2, everyMs: MINUTE_MS })
    addRedrives(this.simulation, APPLICATION, FAILURES)
    this.#addEvents()
    this.#addTakeovers()
  }

  async play(): Promise<void> {
    this.#undone = await this.simulation.run()
    for (const { who, what } of this.simulation.happened) {
      if (what === 'store forgets' || what === 'store is empty') this.met.add(`${who} lost`)
      if (what === 'not trimmed' || what.startsWith('redrive of')) this.met.add(what.slice(0, 11))
    }
    for (const outcome of this.#guesses.outcomes) this.met.add(`guess ${outcome}`)
  }

  /** Returns the emissions that the reader has counted other than once, and the events whose emission it has never counted. */
  async findMiscounted(): Promise<string[]> {
    const { log, store } = this.simulation
    const counts = new Map<string, number>()
    for await (const [, state] of store.states({ consumer: 'summing', topic: MIDDLE, partition: 0 }))
      for (const [name, count] of Object.entries(JSON.parse(state.slice(state.indexOf('{'))) as Summed))
        counts.set(name, (counts.get(name) ?? 0) + count)
    const names = log.all(MIDDLE, 0).map(record => (plain(record).data as { name: string }).name)
    const sent = new Set(names)
    if (sent.size < names.length) this.met.add('late copy')
    const source = ENTITIES.flatMap((_, partition) => log.all(SOURCE, partition))
    const events = source.map(plain)
    const ended = new Set(
      events.flatMap(({ type, data }) =>
        type === FAILURE_ENDED_TYPE ? [(data as { failure: string }).failure] : [],
      ),
    )
    const expected = source.flatMap((record, index) => {
      const { type, id } = events[index] as Event
      const isEnded = readRedriveTarget(record) || ended.has(failureId('relaying', record))
      return type === TAKEN && !isEnded ? [`event ${id}`] : []
    })
    const miscounted = [...new Set([...sent, ...expected])].filter(name => counts.get(name) !== 1)
    const differences = await compareWithUndisturbed(this.#sums, log, store)
    return [
      ...this.#undone,
      ...miscounted.map(name => `${name} was counted ${counts.get(name) ?? 0} times`),
      ...differences.map(({ kind, what }) => `${kind}: ${what}`),
      ...this.#guesses.differences,
    ]
  }

  #addEvents(): void {
    const random = this.#random
    let atMs = FIRST_APPEND_MS
    for (let number = 0; number < EVENTS; number += 1) {
      atMs += random.pick([0, 1, 5, 30]) * 1_000
      const [id, partition] = [`e${number}`, random.between(0, 1)]
      const event: Event = {
        ...{
          id,
          source: '/relaying',
          subject: random.pick(ENTITIES[partition] ?? []),
          type: TAKEN,
          data: {},
        },
        time: new Date(atMs).toISOString(),
      }
      if (partition !== TAKEN_OVER && random.chance(0.2)) {
        this.#failing.add(id)
        this.#endFailure(id, atMs + random.between(0, 20) * MINUTE_MS)
      }
      this.simulation.comes(atMs, `${id} comes`, () => {
        const { key, value, headers } = writeEvent(event) as LogRecord
        this.simulation.log.append(SOURCE, partition, { key, value, headers })
      })
    }
  }

  /**
   * Ends the cause of a failure, before a redrive or after a loss, but not before its batch is acknowledged: if the store loses a
   * commit before that, the batch is delivered again, and published failures are only looked up for records that are read back.
   */
  #endFailure(id: string, atMs: number): void {
    this.simulation.comes(atMs, `${id} can be decided`, () => {
      const [{ committed } = { committed: 0 }] = this.#relays.partitions
      const last = this.simulation.log.all(SOURCE, 0).at(-1)?.offset ?? -1
      if (committed > last) this.#failing.delete(id)
      else this.#endFailure(id, this.simulation.nowMs + MINUTE_MS)
    })
  }

  #addTakeovers(): void {
    const stateKey = { consumer: 'relaying', topic: SOURCE, partition: TAKEN_OVER }
    const { log } = this.simulation.createPorts('reprocess')
    const live = this.#createLive()
    const { rebuilds } = live
    let atMs = FIRST_APPEND_MS
    for (let number = 0; number < TAKEOVERS; number += 1) {
      atMs += this.#random.pick([5, 100, 200]) * 1_000
      const takeOver = async () => {
        this.#code += 1
        const begunMs = this.simulation.nowMs
        const code = computeCode('v0', this.#relaying)
        const rebuild = { startOffset: 0, from: 'start', code, dropsOlder: false, begunMs }
        const consumer = this.#relaying as Consumer<AnyKeyedProcess>
        const { pause } = this.simulation
        const stop = new AbortController().signal
        const nothing = () => {}
        const work = { consumer, live, rebuilds, log, pause, stop, onRead: nothing, onExpired: nothing }
        const { appliedOffset, epoch } = await reprocess(
          { ...work, nowMs: () => this.simulation.nowMs },
          stateKey,
          rebuild,
          false,
        )
        if (epoch === undefined) return
        this.met.add(appliedOffset === this.#replacedAt ? 'two takeovers at one offset' : 'takeover')
        this.#replacedAt = appliedOffset
      }
      // Half of them come twice, for the same offset if nothing was decided in between.
      const takeOverAll = this.#random.chance(0.5) ? () => takeOver().then(takeOver) : takeOver
      this.simulation.comes(atMs, 'reprocess', () => takeOverAll().catch(() => {}), true)
    }
  }

  /** Returns the live states for a takeover. */
  #createLive(): ReturnType<typeof createLiveStates> {
    const live = createLiveStates(this.simulation, 'reprocess')
    const { replace } = live
    // Until all is decided again after a loss, readers would drop what a takeover emits.
    live.replace = async (stateKey, conditions) =>
      conditions.live.appliedOffset < this.#highest ? { kind: 'moved' } : replace(stateKey, conditions)
    return live
  }

  #watchHighest(store: StateStore): StateStore {
    return {
      load: (...args) => store.load(...args),
      trimOutbox: (...args) => store.trimOutbox(...args),
      commit: async (stateKey, change) => {
        const answer = await store.commit(stateKey, change)
        if (answer !== 'refused' && stateKey.partition === TAKEN_OVER)
          this.#highest = Math.max(this.#highest, change.appliedOffset)
        return answer
      },
    }
  }

  #note(report: Report): void {
    for (const name of listOutcomes(report)) this.met.add(name)
    if (report.kind === 'decisions' && report.decisions.some(({ isPublished }) => isPublished))
      this.met.add('failed again after a loss')
  }

  /** Emits for each event, later by a timer, and a correction for each state that other code takes over. */
  #createRelaying(): KeyedProcess<Relayed> {
    const emission = (kind: string, name: string, entity: string): Emission => ({
      ...{ name: kind, to: 'events', key: entity, type: SENT, source: '/relaying', subject: entity },
      data: { name: `${kind} ${name}` },
    })
    const getSubject = (entity: string) => entity.slice(entity.indexOf(' ') + 1)
    return {
      name: 'relaying',
      accepts: [TAKEN],
      parking: { forMs: 3_600_000 },
      onEvent: (state, { id, entity, timeMs }) => {
        if (this.#failing.has(id)) throw new Error('not now')
        const timers = [{ name: `later ${id}`, dueMs: timeMs + 2_000 }]
        const events = [...(state?.events ?? []), id]
        return completeStep(
          'relayed',
          { events, code: this.#code },
          [emission('event', id, getSubject(entity))],
          timers,
        )
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

interface Relayed {
  readonly events: readonly string[]
  readonly code: number
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

function plain(record: Pick<LogRecord, 'value' | 'headers'>): Event {
  const event = readEvent(record)
  if (isFailure(event)) throw new Error(event.message)
  return event
}
