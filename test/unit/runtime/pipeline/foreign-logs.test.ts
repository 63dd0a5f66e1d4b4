import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { computeGeneration } from '#runtime/adapters/redis/layout.ts'
import { COUNTED_MS } from '#runtime/cloudevents/log-time.ts'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { ForeignRecord } from '#runtime/consumer/application.ts'
import { derivedId } from '#runtime/consumer/derived-id.ts'
import type { Event } from '#runtime/consumer/event.ts'
import { type FailureData, listPositionParts } from '#runtime/consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '#runtime/consumer/process.ts'
import { EMPTY_SELECTION } from '#runtime/testing/empty-selection.ts'
import { MemoryLogBounds } from '#runtime/testing/memory-log-bounds.ts'
import { MemoryLogReader } from '#runtime/testing/memory-log-reader.ts'
import { MemoryReplaceableStates } from '../../../support/memory-replaceable-states.ts'
import { logRecord } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

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
    data: { sensorId: 's', temperature, location: { site: 'a', latitude: 1, longitude: 2 } },
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
    this.stage.consumer = { ...consumer, application, logTime: 'counted', idWindowMs: 3 * COUNTED_MS }
  }

  /** Delivers records from this offset on. @param timestampMs of all of them, from a producer without a clock */
  deliver(fromOffset: number, values: readonly string[], timestampMs?: number) {
    const records = createRecords(fromOffset, values, timestampMs)
    return this.deliverFrom(records, records)
  }

  /** Delivers records that may differ from those of the log, of which each fetch returns two. */
  deliverFrom(log: readonly LogRecord[], delivered: readonly LogRecord[]) {
    const states = async () => new MemoryReplaceableStates(this.stage.store)
    const ports = {
      log: new MemoryLogReader(log, 2, String(this.#created)),
      bounds: new MemoryLogBounds(log),
      states,
    }
    return this.stage.batch(delivered, { ports, nowMs: () => NOW })
  }

  createAgain(): void {
    this.#created += 1
  }

  get ids(): string[] {
    return this.stage.events.map(({ id }) => id)
  }
}

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
    await topic.deliver(6, ['id=a'], 1_900_000_000_000)
    assert.deepEqual(topic.stage.outcomes, [
      'applied/passed',
      'applied/passed',
      'duplicate/id-known',
      'failed/time-too-early',
      'failed/time-too-early',
      'failed/time-too-early',
      'applied/passed',
    ])
  })

  it('drops records of the old log that arrive after it was created again, and reads the new log', async () => {
    const topic = new ForeignTopic()
    const old = createRecords(0, ['id=a', 'id=b', 'id=c', 'id=d', 'id=e'])
    await topic.deliverFrom(old, old.slice(0, 3))
    topic.createAgain()
    const renewed = createRecords(0, ['id=A', 'id=B', 'id=C', 'id=D', 'id=E', 'id=F'])
    const answer = await topic.deliverFrom(renewed.slice(0, 4), old.slice(3))
    assert.deepEqual(answer.batchItemFailures, [])
    await topic.deliverFrom(renewed, renewed)
    assert.equal(topic.ids.join(' '), 'id=a id=b id=c id=A id=B id=C id=D id=E id=F')
    assert.deepEqual(topic.stage.observer.newLogsAfter, [2])
    assert.deepEqual(topic.stage.observer.startsWithoutAppliedOffsetAt, [])
  })

  it('lets stores remove ids after 100,000 records, since they remove generations as a whole', () => {
    const generations = [99_999, 100_000, 200_000].map(offset => computeGeneration(offset * COUNTED_MS))
    assert.deepEqual(generations, [0, 1, 2])
  })

  it('is read from its start when it was created again, with one warning and other ids', async () => {
    const topic = new ForeignTopic()
    await topic.deliver(0, ['x', 'bad', 'y'])
    topic.createAgain()
    await topic.deliver(0, ['x', 'bad'])
    await topic.deliver(2, ['y'])
    assert.deepEqual(topic.stage.observer.newLogsAfter, [2])
    assert.deepEqual(topic.stage.observer.startsWithoutAppliedOffsetAt, [])
    const failures = topic.stage.events.filter(({ type }) => type !== TYPE)
    assert.deepEqual(
      failures.map(({ data }) => (data as FailureData).originalLog),
      ['memory:theirs-1', 'memory:theirs-2'],
    )
    assert.equal(new Set(topic.ids).size, 6)
  })

  it('gives failures the time at which they occurred, whatever the timestamps of their records are', async () => {
    const topic = new ForeignTopic()
    for (const [offset, timestampMs] of [-1, 0, NOW + 3_600_000].entries())
      await topic.deliver(offset, ['bad'], timestampMs)
    const failures = topic.stage.events
    assert.deepEqual(
      failures.map(({ time, data }) => [time, (data as FailureData).firstFailedAt]),
      Array(3).fill([new Date(NOW).toISOString(), new Date(NOW).toISOString()]),
    )
    assert.deepEqual(
      failures.map(({ data }) => (data as FailureData).originalTimestamp),
      [-1, 0, NOW + 3_600_000],
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
    assert.equal(version.appliedOffset, 0)
    assert.equal(failureMemory.bytes, 0)
  })

  it('drops what is delivered again', async () => {
    const topic = new ForeignTopic()
    await topic.deliver(0, ['x', 'y'])
    await topic.deliver(0, ['x', 'y'])
    assert.equal(topic.ids.length, 2)
  })
})
