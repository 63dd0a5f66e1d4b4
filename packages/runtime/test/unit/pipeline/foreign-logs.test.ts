import assert, { fail } from 'node:assert/strict'

import { describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import { computeGeneration } from '../../../adapters/redis/layout.ts'
import { COUNTED_MS } from '../../../cloudevents/log-time.ts'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { ForeignRecord } from '../../../consumer/application.ts'
import { derivedId } from '../../../consumer/derived-id.ts'
import type { Event } from '../../../consumer/event.ts'
import { type FailureData, listPositionParts } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import { LogChecks } from '../../../pipeline/log/log-identity.ts'
import type { LogReader } from '../../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { MemoryLogBounds } from '../../../testing/memory-log-bounds.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { Random } from '../../../testing/random.ts'
import { MemoryReplaceableStates } from '../../support/memory-replaceable-states.ts'
import { logRecord } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const TYPE = 'io.sluice.environment.reading.v1'

const NOW = 1_950_000_000_000
const DURING = new Date(NOW - 1_000).toISOString()

/** Reads text records of another application: `bad` is no reading, `timed` has a time, anything else is the value of one. */
function readForeign(record: ForeignRecord): Event {
  const value = String(record.value)
  const id = value.startsWith('id=') ? value : derivedId('position', ...listPositionParts(record))
  const temperature = value === 'bad' ? 'warm' : value.length
  return {
    id,
    source: '/environment/a',
    subject: 's',
    type: TYPE,
    ...(value === 'timed' ? { time: DURING } : {}),
    dataschema: 'https://sluice.io/schemas/environment.reading.v1.json',
    data: { sensorId: value, temperature, location: { site: 'a', latitude: 1, longitude: 2 } },
  }
}

const passOn: KeyedProcess<undefined> = {
  name: 'pass-on',
  accepts: [TYPE],
  foreignLogs: true,
  onEvent: (_, { id, source, subject, type, data, extensions = {} }) => {
    const event = { type, source, data, ...(subject === undefined ? {} : { subject }) }
    const passesOn = { id, extensions }
    return completeStep('passed', undefined, [
      { name: 'event', to: 'readings', key: 's', ...event, passesOn },
    ])
  },
}

function createRecords(fromOffset: number, values: readonly string[], timestampMs = 1_700_000_000_000) {
  return values.map((value, index) =>
    logRecord(fromOffset + index, { value: Buffer.from(value) }, { topic: 'theirs', timestampMs }),
  )
}

/** A consumer of a topic of another application, which may be created again. */
class ForeignTopic {
  readonly stage = new Stage(passOn)
  #created = 1

  constructor() {
    const { consumer } = this.stage
    const application = { ...consumer.application, readForeign }
    this.stage.consumer = { ...consumer, application }
  }

  /** Delivers records from this offset on. @param timestampMs of all of them, from a producer without a clock */
  deliver(fromOffset: number, values: readonly string[], timestampMs?: number) {
    const records = createRecords(fromOffset, values, timestampMs)
    return this.deliverFrom(records, records)
  }

  /** Delivers records that may differ from those of the log, of which each fetch returns two. */
  deliverFrom(
    log: readonly LogRecord[],
    delivered: readonly LogRecord[],
    given: Parameters<Stage['batch']>[1] = {},
  ) {
    return this.stage.batch(delivered, { ports: this.createPorts(() => log), nowMs: () => NOW, ...given })
  }

  /** @param log returns the records of the present log */
  createPorts(log: () => readonly LogRecord[]) {
    const reader = () => new MemoryLogReader(log(), 2, String(this.#created))
    return {
      log: {
        read: async (...range: Parameters<LogReader['read']>) => reader().read(...range),
        identity: async (topic: string) => reader().identity(topic),
      },
      bounds: { bounds: async (topic: string) => new MemoryLogBounds(log()).bounds(topic) },
      states: async () => new MemoryReplaceableStates(this.stage.store),
    }
  }

  createAgain(): void {
    this.#created += 1
  }

  get log(): string {
    return `memory:theirs-${this.#created}`
  }

  get values(): string[] {
    return this.stage.events.map(({ data }) => (data as { sensorId: string }).sensorId)
  }

  get ids(): string[] {
    return this.stage.events.map(({ id }) => id)
  }
}

/** Returns ports that call `mayFail` before and after each call. */
function createFaultyPorts(
  { stage: { store } }: ForeignTopic,
  { log, bounds, states }: ReturnType<ForeignTopic['createPorts']>,
  mayFail: () => void,
) {
  const failing =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      mayFail()
      const result = await call(...args)
      mayFail()
      return result
    }
  return {
    log: { identity: failing(log.identity), read: failing(log.read) },
    bounds: { bounds: failing(bounds.bounds) },
    states: failing(states),
    store: {
      load: failing(store.load.bind(store)),
      commit: failing(store.commit.bind(store)),
      trimOutbox: failing(store.trimOutbox.bind(store)),
    },
  }
}

/** @param contents values of the records of all logs by id; the last `count` are those of the present log */
function assertDecided(
  topic: ForeignTopic,
  contents: ReadonlyMap<string, string>,
  count: number,
  name: string,
): void {
  for (const [index, id] of topic.ids.entries())
    assert.equal(topic.values[index], contents.get(id), `${name}: an id of another record`)
  const present = [...contents.keys()].slice(-count)
  const emitted = [...new Set(topic.ids)].filter(id => present.includes(id))
  assert.deepEqual(emitted, present, `${name}: each record of the present log, in order`)
}

/**
 * Appends, fetches and delivers records at random. Invocations and commits fail, and the log is created again also in the middle of
 * an invocation. The poller delivers in order what it has fetched, also of logs that no longer exist. Records of two logs
 * differ.
 */
async function play(random: Random, name: string): Promise<void> {
  const topic = new ForeignTopic()
  const contents = new Map<string, string>()
  let [log, fetched, position, clockMs]: [LogRecord[], LogRecord[], number, number] = [
    [],
    [],
    0,
    1_700_000_000_000,
  ]
  let logChecks = new LogChecks()
  let isCalm = false
  const append = () => {
    const [record] = createRecords(log.length, [`at ${++clockMs}`], clockMs) as [LogRecord]
    log = [...log, record]
    const parts = listPositionParts({ ...record, log: topic.log })
    contents.set(derivedId('position', ...parts), String(record.value))
  }
  const createAgain = () => {
    topic.createAgain()
    log = []
    for (let count = random.between(0, 8); count > 0; count -= 1) append()
  }
  const ports = topic.createPorts(() => log)
  const mayFail = () => {
    if (isCalm) return
    if (random.chance(0.04)) createAgain()
    if (random.chance(0.04)) throw new Unavailable('store-unavailable', 'injected')
  }
  const faulty = createFaultyPorts(topic, ports, mayFail)
  const deliver = async () => {
    if (fetched.length === 0) return
    const batch = fetched.slice(0, random.between(1, 5))
    const [first] = batch as [LogRecord]
    // A batch has each offset once: the poller has begun to read a new log.
    const end = batch.findIndex(({ offset }, index) => index > 0 && offset !== first.offset + index)
    const delivered = end < 0 ? batch : batch.slice(0, end)
    const remainingMs = () => (!isCalm && random.chance(0.05) ? 0 : 60_000)
    const given = { ports: faulty, nowMs: () => NOW, logChecks, remainingMs }
    const { batchItemFailures } = await topic.stage.batch(delivered, given)
    const failed = batchItemFailures[0]?.itemIdentifier.offset
    fetched = fetched.slice(failed === undefined ? delivered.length : failed - first.offset)
  }
  const fetch = () => {
    if (position > log.length) position = 0
    const records = log.slice(position, position + random.between(1, 6))
    fetched = [...fetched, ...records]
    position += records.length
  }
  for (let turn = 0; turn < 60; turn += 1) {
    if (random.chance(0.6)) append()
    if (random.chance(0.4)) fetch()
    if (random.chance(0.5)) await deliver()
    if (random.chance(0.05)) createAgain()
    if (random.chance(0.1)) logChecks = new LogChecks()
  }
  isCalm = true
  append()
  if (position === log.length) position -= 1
  while (fetched.length > 0 || position !== log.length) {
    fetch()
    await deliver()
  }
  assertDecided(topic, contents, log.length, name)
}

it('given the log of another application, then every batch of it is loaded', async () => {
  const topic = new ForeignTopic()
  const { store } = topic.stage
  const commit = store.commit.bind(store)
  store.commit = (stateKey, change) => (change.guess ? fail() : commit(stateKey, change))
  const log = createRecords(0, ['a', 'b', 'c', 'd', 'e', 'f'])
  for (const record of log) assert.deepEqual((await topic.deliverFrom(log, [record])).batchItemFailures, [])
  assert.equal(topic.values.length, log.length)
})

describe('a log of another application', () => {
  it('keeps the ids of events that are passed on, and their order', async () => {
    const topic = new ForeignTopic()
    await topic.deliver(0, ['id=a', 'id=b', 'id=c'])
    assert.deepEqual(topic.ids, ['id=a', 'id=b', 'id=c'])
  })

  it('forgets ids by the number of records, whatever their timestamps are', async () => {
    const topic = new ForeignTopic()
    await topic.deliver(0, ['id=a', 'x', 'id=a'], 1_700_000_000_000)
    await topic.deliver(3, ['y', 'z', 'id=a'], 1)
    // Its clock does not count longer holes at once.
    for (let offset = 3_000; offset < 100_000; offset += 3_000) await topic.deliver(offset, ['bad'])
    await topic.deliver(100_000, ['id=a', 'id=a'], 1_900_000_000_000)
    assert.deepEqual(
      topic.stage.outcomes.filter(outcome => outcome !== 'failed/schema-violated'),
      [
        'applied/passed',
        'applied/passed',
        'duplicate/id-known',
        'failed/time-too-early',
        'failed/time-too-early',
        'failed/time-too-early',
        'duplicate/id-known',
        'applied/passed',
      ],
    )
  })

  it('is decided as the present log, whenever it is created again and invocations stop', async () => {
    for (let seed = 0; seed < seeds(120); seed += 1) await play(new Random(seed), `seed ${seed}`)
  })

  it('lets stores remove ids after 100,000 records, since they remove generations as a whole', () => {
    const generations = [99_999, 100_000, 200_000].map(offset => computeGeneration(offset * COUNTED_MS))
    assert.deepEqual(generations, [0, 1, 2])
  })

  // Promise docs/inputs.md#keys | A topic that was created again is read from its start, as a new log.
  it('is read from its start when it was created again, with one warning and other ids', async () => {
    const topic = new ForeignTopic()
    const old = createRecords(0, ['x', 'bad', 'y'])
    // The rest of the old log is published first.
    const publisher = { publish: async () => Promise.reject(new Unavailable('broker-unavailable', 'away')) }
    await topic.deliverFrom(old, old.slice(0, 1))
    await topic.deliverFrom(old, old.slice(1), { ports: { ...topic.createPorts(() => old), publisher } })
    topic.createAgain()
    await topic.deliver(0, ['x', 'bad'])
    await topic.deliver(2, ['y'])
    assert.deepEqual(topic.stage.observer.list('log-created-again'), [{ appliedOffset: 2 }])
    assert.deepEqual(topic.stage.observer.list('no-applied-offset'), [])
    const failures = topic.stage.events.filter(({ type }) => type !== TYPE)
    assert.deepEqual(
      failures.map(({ data }) => (data as FailureData).originalLog),
      ['memory:theirs-1', 'memory:theirs-2'],
    )
    assert.equal(new Set(topic.ids).size, 6)
  })

  it('is read back from its start if the state was lost, with a warning', async () => {
    const topic = new ForeignTopic()
    const log = createRecords(0, ['x', 'y', 'z'])
    await topic.deliverFrom(log, log.slice(2), { logChecks: new LogChecks() })
    assert.deepEqual(topic.stage.observer.list('no-applied-offset'), [{ fromOffset: 0 }])
    assert.deepEqual(topic.values, ['x', 'y', 'z'])
  })

  it('gives failures the time at which they occurred, whatever the timestamps of their records are', async () => {
    const topic = new ForeignTopic()
    const timestamps = [-1, 0, NOW + 3_600_000]
    for (const [offset, timestampMs] of timestamps.entries())
      await topic.deliver(offset, ['bad'], timestampMs)
    const now = new Date(NOW).toISOString()
    const failures = topic.stage.events.map(({ time, data }) => [time, data as FailureData] as const)
    assert.deepEqual(
      failures.map(([time, data]) => [time, data.firstFailedAt, data.originalTimestamp]),
      timestamps.map(timestampMs => [now, now, timestampMs]),
    )
  })

  it('compares the times of events with the clock of the consumer, not with that of the producer', async () => {
    const topic = new ForeignTopic()
    await topic.deliver(0, ['timed'], 0)
    await topic.deliver(1, ['untimed'], NOW + 3_600_000)
    assert.deepEqual(topic.stage.outcomes, ['applied/passed', 'failed/time-in-future'])
    assert.equal(topic.stage.events[0]?.time, DURING)
  })

  it('remembers no failures, because nothing is redriven into it', async () => {
    const topic = new ForeignTopic()
    await topic.deliver(0, ['bad'])
    const stateKey = { ...topic.stage.stateKey(), topic: 'theirs' }
    const { version, failureMemory } = await topic.stage.store.load(stateKey, EMPTY_SELECTION)
    assert.deepEqual([version.appliedOffset, failureMemory.bytes], [0, 0])
  })

  it('is not read any more once a batch was equal to it', async () => {
    const topic = new ForeignTopic()
    const records = createRecords(0, ['a', 'b', 'c'])
    await topic.deliverFrom(records, records.slice(0, 1))
    await topic.deliverFrom(records, records.slice(1, 2))
    const { log, ...ports } = topic.createPorts(() => records)
    const readNothing = { ...ports, log: { identity: log.identity, read: fail }, bounds: { bounds: fail } }
    await topic.deliverFrom(records, records.slice(2), { ports: readNothing })
    assert.deepEqual(topic.values, ['a', 'b', 'c'])
  })
})
