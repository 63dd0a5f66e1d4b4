/** Emissions of the outbox fit into their topics; a partition with others still continues. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure } from '../../../cloudevents/event.ts'
import { readEvent } from '../../../cloudevents/reader.ts'
import type { OutgoingRecord } from '../../../cloudevents/record.ts'
import { writeEvent } from '../../../cloudevents/writer.ts'
import type { Event } from '../../../consumer/event.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type Emission, type KeyedProcess } from '../../../consumer/process.ts'
import { RecordRefused, Unavailable } from '../../../pipeline/errors.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { MemoryPublisher } from '../../../testing/memory-publisher.ts'
import { APPLICATION, FAILURE_TYPE, READING_TYPES } from '../../support/application.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** A process that emits as ordered, by the id of the event. */
function emitting(emissions: Readonly<Record<string, Partial<Emission>>>): KeyedProcess<unknown> {
  const usual = { to: 'events', key: 'k', type: 'test.said.v1', source: '/emitting', data: {} } as const
  return {
    name: 'emitting',
    accepts: READING_TYPES,
    onEvent: (_, { id }) =>
      completeStep('said', {}, [{ ...usual, name: id, data: { id }, ...emissions[id] }]),
  }
}

/** A publisher that takes what the table of topics says, but for topics with a limit of their own. */
function strict(limits: Readonly<Record<string, number>> = {}): MemoryPublisher {
  return new MemoryPublisher(topic => limits[topic] ?? APPLICATION.topicNamed(topic)?.maxMessageBytes ?? 0)
}

function listEvents({ publishedRecords }: MemoryPublisher): Event[] {
  return publishedRecords.map(sent => {
    const event = readEvent(sent)
    assert.ok(!isFailure(event))
    return event
  })
}

describe('an emission', () => {
  const quotes = { subject: '"'.repeat(600_000) }
  for (const [mode, outcome] of [
    ['binary', 'applied/said'],
    ['structured', 'failed/emission-too-large'],
  ] as const)
    it(`given one that fits in binary mode only, when written as ${mode}, then: ${outcome}`, async () => {
      const publisher = strict()
      const stage = new Stage(emitting({ a: quotes }), { publisher })
      stage.consumer = { ...stage.consumer, contentMode: mode }
      assert.deepEqual(await stage.batch([record(0, reading('a'))]), { batchItemFailures: [] })
      assert.deepEqual(stage.outcomes, [outcome])
      assert.equal(publisher.publishedRecords.length, 1)
    })
})

describe('a tracestate that is larger than anybody needs', () => {
  const extensions = { traceparent: TRACEPARENT, tracestate: `k=${'v'.repeat(2_200_000)}` }

  it('given an event with it, then the event is applied, and what follows from it carries the trace alone', async () => {
    const publisher = strict()
    const stage = new Stage(emitting({}), { publisher })
    await stage.batch([record(0, reading('a', { extensions }))])
    assert.deepEqual(stage.outcomes, ['applied/said'])
    const [header] = publisher.publishedRecords.flatMap(({ headers }) =>
      headers.filter(([name]) => name === 'ce_tracestate'),
    )
    assert.equal(header, undefined)
    const traced = publisher.publishedRecords[0]?.headers.find(([name]) => name === 'ce_traceparent')?.[1]
    assert.match(String(traced), /^00-0af7651916cd43dd8448eb211c80319c-/)
  })

  it('given an event of 512 characters of it, then they go on', async () => {
    const tracestate = `k=${'v'.repeat(510)}`
    const stage = new Stage(emitting({}))
    await stage.batch([record(0, reading('a', { extensions: { traceparent: TRACEPARENT, tracestate } }))])
    assert.equal(stage.events[0]?.extensions?.tracestate, tracestate)
  })
})

describe('attributes', () => {
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`ext${at}`, 'x'.repeat(4_000)]))
  const table: [what: string, rest: Parameters<typeof reading>[1], outcome: string, why?: RegExp][] = [
    ['a subject of 4096 bytes', { subject: 's'.repeat(4_096) }, 'applied/said'],
    [
      'a subject of 4097 bytes',
      { subject: 's'.repeat(4_097) },
      'failed/attributes-too-large',
      /"subject" has 4097/,
    ],
    ['a subject of 2048 two-byte characters', { subject: 'ä'.repeat(2_048) }, 'applied/said'],
    ['one more of them', { subject: 'ä'.repeat(2_049) }, 'failed/attributes-too-large', /"subject" has 4098/],
    [
      'an extension of 5000 bytes',
      { extensions: { ext: 'x'.repeat(5_000) } },
      'failed/attributes-too-large',
      /"ext"/,
    ],
    [
      '36 kB of extensions',
      { extensions: many },
      'failed/attributes-too-large',
      /attributes have \d+ bytes together/,
    ],
  ]
  for (const [what, rest, outcome, why] of table)
    it(`given ${what}, then it is ${outcome}, and the rest continues`, async () => {
      const stage = new Stage(emitting({}), { publisher: strict() })
      await stage.batch([
        record(0, { ...writeEvent(reading('a', rest)), key: null }),
        record(1, reading('b')),
      ])
      assert.deepEqual(stage.outcomes, [outcome, 'applied/said'])
      if (why) assert.match(stage.observer.decisions[0]?.failure?.message ?? '', why)
    })
})

describe('all attributes of an event together', () => {
  /** A reading whose names and values of attributes have this many bytes. */
  function createReading(bytes: number): Event {
    const parts = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`ext${at}`, 'x'.repeat(4_000)]))
    const { data: _, extensions: __, ...context } = reading('a')
    const computeSize = (all: object) => Object.entries(all).flat().join('').length
    const left = bytes - computeSize(context) - computeSize(parts) - 'rest'.length
    return reading('a', { extensions: { ...parts, rest: 'x'.repeat(left) } })
  }

  for (const [bytes, outcome] of [
    [32 * 1024, 'applied/said'],
    [32 * 1024 + 1, 'failed/attributes-too-large'],
  ] as const)
    it(`given ${bytes} bytes of names and values, then it is ${outcome}`, async () => {
      const stage = new Stage(emitting({}), { publisher: strict() })
      await stage.batch([record(0, createReading(bytes))])
      assert.deepEqual(stage.outcomes, [outcome])
    })
})

describe('an entry of the outbox that Kafka refuses for good', () => {
  it('given a topic that takes less than the table says, then a failure record stands in its place', async () => {
    const publisher = strict({ 'sluice.telemetry.events.test': 1_000 })
    const large = { data: 'x'.repeat(2_000) }
    const stage = new Stage(emitting({ b: large, d: large }), { publisher })
    const log = ['a', 'b', 'c', 'd'].map((id, offset) => record(offset, reading(id)))
    assert.deepEqual(await stage.batch(log), { batchItemFailures: [] })
    const firstCopies = publisher.publishedRecords.filter(
      (sent, at, all) => all.findIndex(record => getId(record).equals(getId(sent))) === at,
    )
    assert.deepEqual(
      firstCopies.map(({ topic }) => topic.split('.')[2]),
      ['events', 'failures', 'events', 'failures'],
    )
    const failure = listEvents(publisher).find(({ type }) => type === FAILURE_TYPE)?.data as
      | FailureData
      | undefined
    assert.deepEqual([failure?.errorType, failure?.originalOffset], ['emission-refused', 1])
    assert.match(failure?.error ?? '', /a test\.said\.v1 to events: /)
    assert.equal(stage.observer.list('refused').flatMap(({ entries }) => entries).length, 2)
    const { outbox } = await stage.store.load(stage.stateKey(), EMPTY_SELECTION)
    assert.deepEqual(outbox, [])
  })

  it('given a failure record with its bytes, then the same failure leaves without them', async () => {
    const publisher = strict({ 'sluice.telemetry.failures.test': 2_000 })
    const stage = new Stage(emitting({}), { publisher })
    const poison = record(0, { value: Buffer.alloc(5_000, 1) })
    assert.deepEqual(await stage.batch([poison]), { batchItemFailures: [] })
    const whole = stage.observer.list('refused')[0]?.entries[0]?.event
    const [event] = listEvents(publisher)
    const left = event?.data as FailureData | undefined
    assert.deepEqual([left?.errorType, left?.originalValue], ['not-a-cloudevent', null])
    assert.match(left?.error ?? '', /without its bytes/)
    assert.equal(event?.id, whole?.id)
  })

  it('given that its replacement is refused too, or Kafka is away by then, then the partition waits', async () => {
    for (const [error, reason] of [
      [new RecordRefused('never'), 'unexpected-error'],
      [new Unavailable('broker-unavailable', 'not now'), 'broker-unavailable'],
    ] as const) {
      let calls = 0
      const publish = async () => {
        calls += 1
        throw calls === 1 ? new RecordRefused('never') : error
      }
      const stage = new Stage(emitting({}), { publisher: { publish } })
      assert.equal((await stage.batch([record(0, reading('a'))])).batchItemFailures.length, 1)
      assert.equal(stage.observer.waits[0]?.reason, reason)
      const { outbox } = await stage.store.load(stage.stateKey(), EMPTY_SELECTION)
      assert.equal(outbox.length, 1)
    }
  })
})

function getId({ headers }: OutgoingRecord): Buffer {
  return headers.find(([name]) => name === 'ce_id')?.[1] ?? Buffer.alloc(0)
}
