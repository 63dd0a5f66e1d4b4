import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type LogRecord, type OutgoingRecord, readEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { MemoryStateStore } from '#runtime/operating/replay'
import { Unavailable } from '#runtime/pipeline'
import { EMPTY_SELECTION, type Process, stateJson } from '#runtime/test/support/inside'
import { kafkaEvent, logRecord, MemoryLogReader, Stage } from '#runtime/testing'
import { tick } from '../../../lib/telemetry/tick.ts'
import type { TablePlan } from '../../../lib/views/plan.ts'
import { createActivatedPlan, createActivationEvent } from '../../../lib/views/plan-activation.ts'
import { views } from '../../../lib/views/process.ts'
import type { WindowPlan } from '../../../lib/windows/windows.ts'
import { APPLICATION, FAMILIES, NAMES } from '../../support/families.ts'
import { tablePlan } from '../../support/views.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const ACTIVITIES = ['walking', 'running']

/** A delivery of records: what happens before it, and how many rows are published before Kafka is away. */
interface Delivery {
  readonly records: number
  readonly loses: 'first' | 'second' | 'nothing'
  readonly publishes: number
}

const WHOLE: Delivery = { records: 1_000, loses: 'nothing', publishes: 1_000 }

/** One step of the consumer, with the log that it reads. Its state can be lost. */
class Step {
  readonly log: LogRecord[] = []
  readonly #stage: Stage
  #store = new MemoryStateStore()
  #failing = 0

  constructor(signal: 'readings' | 'view-rows') {
    const log = new MemoryLogReader(this.log, undefined, 'id')
    this.#stage = new Stage(APPLICATION, views(FAMILIES) as unknown as Process, { log }, signal)
    // Ids are forgotten at once, so only origin and sequence show repeats.
    const emitters = new Map([[NAMES.topicName('view-rows', 'test'), new Set(['views'])]])
    this.#stage.consumer = { ...this.#stage.consumer, emitters, idWindowMs: 0 }
  }

  append(content: Event | OutgoingRecord, partition: number, timestampMs: number): LogRecord {
    const offset = this.log.filter(record => record.partition === partition).length
    this.log.push(logRecord(offset, content, { topic: this.#stage.topic, partition, timestampMs }))
    return this.log.at(-1) as LogRecord
  }

  lose(): void {
    this.#store = new MemoryStateStore()
  }

  /** Delivers records. Returns what was published, and whether the records are done. */
  async deliver(records: readonly LogRecord[], publishes: number) {
    const published: OutgoingRecord[] = []
    const publish = async (all: readonly OutgoingRecord[]) => {
      published.push(...all.slice(0, publishes))
      if (all.length > publishes) throw new Unavailable('broker-unavailable', 'Kafka is away')
    }
    const { batchItemFailures } = await this.#stage.consume(kafkaEvent(records), {
      ports: {
        store: this.#store,
        publisher: { publish },
        breaker: { open: async () => Number.NEGATIVE_INFINITY },
      },
    })
    this.#failing = batchItemFailures.length > 0 ? this.#failing + 1 : 0
    if (this.#failing > 20) throw new Error(`waits: ${this.#stage.observer.waits.at(-1)?.reason}`)
    return { published, isDone: batchItemFailures.length === 0 }
  }

  async states(entities: readonly string[]) {
    const { states } = await this.#store.load(this.#stage.stateKey(), { ...EMPTY_SELECTION, entities })
    return entities.map(entity => stateJson(states.get(entity)))
  }
}

interface Reading {
  readonly device: number
  readonly seconds: number
  readonly x: number
  readonly activity: number
}

function createEvent({ device, seconds, x, activity }: Reading, index: number): Event {
  const time = new Date(START_MS + seconds * 1000).toISOString()
  const data = { deviceId: `d-${device}`, model: 'watch', activity: ACTIVITIES[activity], x }
  const { type } = FAMILIES.get('device')
  return { id: `r-${index}`, type, source: '/device/watch', subject: `d-${device}`, time, data }
}

/** Sends the readings of two partitions through both steps. Returns the states of the groups, and the distinct changes in order. */
async function play(plan: TablePlan, readings: readonly Reading[], deliveries: readonly Delivery[]) {
  const steps = { first: new Step('readings'), second: new Step('view-rows') }
  const plans = createActivatedPlan({ streams: [], tables: [plan] }, [])
  const activation = (partition: number) =>
    createActivationEvent(plans, partition, new Date(START_MS).toISOString())
  const rows = new Set<string>()
  const changes = new Map<string, unknown>()
  let [turn, read] = [0, 0]
  /** Delivers records in the parts that the deliveries say, as often as needed. */
  const drain = async (step: Step, from: readonly LogRecord[], take: (record: OutgoingRecord) => void) => {
    for (let next = 0; next < from.length; ) {
      const { records, loses, publishes } = deliveries[turn++ % deliveries.length] ?? WHOLE
      if (loses !== 'nothing') steps[loses].lose()
      const part = from.slice(next, next + records)
      const { published, isDone } = await step.deliver(part, publishes)
      for (const record of published) take(record)
      if (isDone) next += part.length
    }
  }
  const nowMs = () => START_MS + 1_000_000 + rows.size * 700
  const toRows = (record: OutgoingRecord) => {
    rows.add((readEvent(record) as Event).id)
    steps.second.append(record, 0, nowMs())
  }
  const toChanges = (record: OutgoingRecord) => {
    const { id, time, subject, data } = readEvent(record) as Event
    const change = { time, subject, data }
    assert.deepEqual(changes.get(id) ?? change, change)
    changes.set(id, change)
  }
  steps.second.append(activation(0), 0, nowMs())
  const half = Math.ceil(readings.length / 2)
  for (const [phase, some] of [readings.slice(0, half), readings.slice(half)].entries())
    for (const partition of [0, 1]) {
      const events = some.map((reading, index) => createEvent(reading, phase * half + index))
      const own = events.filter((_, index) => (some[index] as Reading).device % 2 === partition)
      const all = [...(phase === 0 ? [activation(partition)] : []), ...own]
      await drain(
        steps.first,
        all.map(event => steps.first.append(event, partition, START_MS + 400_000)),
        toRows,
      )
      await drain(steps.second, steps.second.log.slice(read), toChanges)
      read = steps.second.log.length
    }
  const end = steps.second.append(tick(0, new Date(nowMs()).toISOString()), 0, nowMs() + 10_000)
  await drain(steps.second, [end], toChanges)
  const entities = ACTIVITIES.map(name => `/views/stats/00000001 ["${name}"]`)
  return { states: await steps.second.states(entities), changes: [...changes] }
}

describe('tables of one log', () => {
  const kept = { graceMs: 10_000, retentionMs: 600_000 }
  const windows: readonly (WindowPlan | undefined)[] = [
    undefined,
    { kind: 'tumbling', sizeMs: 60_000, ...kept },
    { kind: 'session', gapMs: 20_000, ...kept },
  ]
  const readings = fc.array(
    fc.record({
      device: fc.nat(3),
      seconds: fc.nat(200),
      x: fc.integer({ min: -9, max: 9 }),
      activity: fc.nat(1),
    }),
    { minLength: 2, maxLength: 30 },
  )
  const deliveries = fc.array(
    fc.record({
      records: fc.integer({ min: 1, max: 9 }),
      loses: fc.constantFrom('nothing', 'nothing', 'first', 'second'),
      // Kafka comes back with the last delivery, so that a run ends.
      publishes: fc.oneof(fc.constant(1_000), fc.nat(3)),
    }),
    { maxLength: 12 },
  )
  // Promise docs/guarantees.md#The same log gives the same states, emissions and ids: live, late or computed again, however it is cut into batches
  for (const window of windows)
    it(`given ${window?.kind ?? 'no'} windows, then any cuts, losses of Redis and failed writes give the same rows and changes`, async () => {
      const plan = tablePlan(window)
      const property = fc.asyncProperty(readings, deliveries, async (all, some) => {
        assert.deepEqual(await play(plan, all, [...some, WHOLE]), await play(plan, all, [WHOLE]))
      })
      await fc.assert(property, { numRuns: 40 })
    })
})
