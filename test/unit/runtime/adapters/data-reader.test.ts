import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { framed, registryWith } from '@sluice/test-kit/schema-registry'
import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { PlainLog } from '#runtime/pipeline'
import { OnDemandDataReader } from '#runtime/test/support/inside'
import { environmentReading } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import {
  AVRO,
  avroBytes,
  PACKAGED,
  REGISTERED,
  SENT_AS,
  type SentAs,
  sent,
} from '../../../support/serialized.ts'

const registry = await registryWith(REGISTERED)

const UNAVAILABLE = { name: 'Unavailable', code: 'registry-unavailable' }

function reading(record: LogRecord, reader: OnDemandDataReader) {
  return reader.read(readEvent(record) as Event, record)
}

/** A record in Avro with the schema of this id. */
const withId = (id: number) => ({
  ...sent(id, environmentReading(`r-${id}`), 'avro with an id'),
  value: framed(id, avroBytes(environmentReading(`r-${id}`))),
})

describe('a reader of data', () => {
  it('given data whose schema was not prepared, then it says so', () => {
    const reader = new OnDemandDataReader(PACKAGED, { url: registry.uri })
    assert.throws(() => reading(withId(1), reader), { message: /prepare it first/ })
  })

  it('given a slow registry and many schemas, then it ends in time, and continues from there', async () => {
    const many = Array.from({ length: 100 }, (_, index) => 1_000 + index)
    for (const id of many) registry.schemas.set(id, { schema: AVRO })
    const asked = new Set<string>()
    registry.answerBy(({ url = '' }, response) => {
      asked.add(url)
      elapsedMs += 5_000
      response.end(JSON.stringify({ schema: AVRO }))
    })
    let elapsedMs = 0
    const place = { url: registry.uri, answerWithinMs: 60_000, allWithinMs: 60_000 }
    const reader = new OnDemandDataReader(PACKAGED, place, Date.now, () => elapsedMs)
    const records = many.map(withId)
    await assert.rejects(reader.prepare(records), UNAVAILABLE)
    const answered = asked.size
    // Until the time is over, and what had been sent by then.
    assert.ok(answered >= 12 && answered < 12 + 8, `${answered} of them were asked for`)
    registry.requests.length = 0
    registry.answerBy()
    await reader.prepare(records)
    assert.equal(registry.requests.length, many.length - answered, 'what was fetched is not fetched again')
    assert.ok(records.every(record => !isFailure(reading(record, reader))))
  })

  it('given more schemas at once than are kept, then all are at hand, however many read them', async () => {
    const packagedSchema = async () => ({ text: '"string"', references: [] })
    const reader = new OnDemandDataReader({ packagedSchema }, undefined, Date.now, () => 0)
    const record = sent(0, environmentReading('r-0'), 'avro without an id')
    const typed = (at: number): LogRecord => ({
      ...record,
      value: Buffer.of(2, 0x61),
      headers: record.headers.map(([name, value]) => [
        name,
        name === 'ce_type' ? Buffer.from(`t${at}`) : value,
      ]),
    })
    const first = Array.from({ length: 1_200 }, (_, at) => typed(at))
    const second = Array.from({ length: 100 }, (_, at) => typed(1_200 + at))
    await Promise.all(
      [first, second].map(async records => {
        await reader.prepare(records)
        assert.ok(records.every(record => !isFailure(reading(record, reader))))
      }),
    )
    // Unused records make room.
    await reader.prepare([typed(5_000)])
    assert.throws(() => reading(first[0] as LogRecord, reader), { message: /prepare it first/ })
  })

  it('given a login, then it is sent, and asked for again after it was refused', async () => {
    let nowMs = 0
    const logins = ['old', 'new']
    const login = async () => ({ username: 'reader', password: logins.shift() ?? 'none' })
    const reader = new OnDemandDataReader(PACKAGED, { url: registry.uri, login }, () => nowMs)
    registry.answerBy((_, response) => {
      response.statusCode = 401
      response.end('{"error_code":40101,"message":"no"}')
    })
    await assert.rejects(reader.prepare([withId(1)]), error => {
      assert.doesNotMatch(String(error), /old|reader/)
      return true
    })
    registry.requests.length = 0
    registry.answerBy()
    nowMs += 60_000
    await reader.prepare([withId(1)])
    const sentLogin = Buffer.from('reader:new').toString('base64')
    assert.deepEqual(registry.requests, [`Basic ${sentLogin} /api/schemas/ids/1`])
  })
})

describe('a log that is read for people', () => {
  it('given records of every format, then all have the same data, and others are as they are', async () => {
    const kinds = Object.keys(SENT_AS) as SentAs[]
    const event = environmentReading('r-1')
    const foreign = { ...sent(kinds.length, event, 'json'), value: Buffer.of(1), headers: [] }
    const records = [...kinds.map((as, offset) => sent(offset, event, as)), foreign]
    const log = new PlainLog(
      new MemoryLogReader(records),
      new OnDemandDataReader(PACKAGED, { url: registry.uri }),
    )
    const [{ topic }] = records as [LogRecord]
    const looked = await log.read(topic, 0, { fromOffset: 0, toOffset: kinds.length })
    const last = looked.records.at(-1)
    assert.deepEqual(last, foreign)
    for (const record of looked.records.slice(0, -1)) {
      const read = readEvent(record)
      assert.ok(!isFailure(read))
      assert.deepEqual([read.data, read.datacontenttype], [event.data, 'application/json'])
    }
  })
})
