/** An answer about one schema says nothing about the registry: the record fails, and the others go on. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { framed, startSchemaRegistry } from '@sluice/test-kit/schema-registry'
import { HOPELESS_MS } from '@sluice/test-kit/until'
import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { OnDemandDataReader } from '#runtime/test/support/inside'
import { environmentReading } from '#runtime/test/support/records'
import { AVRO, AVRO_ID, avroBytes, PACKAGED, sent } from '../../../support/serialized.ts'

let registry: Awaited<ReturnType<typeof startSchemaRegistry>>
before(async () => {
  registry = await startSchemaRegistry()
})
after(() => registry.close())
beforeEach(() => {
  registry.requests.length = 0
})

const BAD_ID = 500

/** A record in Avro with the schema of this id. */
function withId(id: number): LogRecord {
  const value = framed(0, avroBytes(environmentReading(`r-${id}`)))
  value.writeUInt32BE(id, 1)
  return { ...sent(id, environmentReading(`r-${id}`), 'avro with an id'), value }
}

/** Answers this about one id, and as usual about the others. */
function answering(status: number, body: string): void {
  registry.answerBy(({ url = '' }, response) => {
    const isBad = url.endsWith(`/ids/${BAD_ID}`)
    response.statusCode = isBad ? status : 200
    response.end(isBad ? body : JSON.stringify({ schema: AVRO }))
  })
}

const outcome = (reader: OnDemandDataReader, record: LogRecord) => {
  const read = reader.read(readEvent(record) as Event, record)
  return isFailure(read) ? read.code : 'event'
}

const references = (count: number) =>
  JSON.stringify({
    schema: AVRO,
    references: Array.from({ length: count }, (_, at) => ({ name: `n${at}`, subject: `s${at}`, version: 1 })),
  })

/** Returns the registry with times for its answers that a busy machine keeps, too. */
const place = () => ({ url: registry.uri, answerWithinMs: HOPELESS_MS, allWithinMs: HOPELESS_MS })

describe('a registry that answers about one schema', () => {
  for (const [what, status, body, code] of [
    ['404 with a code of its web server', 404, '{"error_code":404,"message":"HTTP 404"}', 'schema-unknown'],
    ['an unknown format', 200, '{"schema":"x","schemaType":"THRIFT"}', 'data-not-decodable'],
    ['more than 200 references', 200, references(201), 'data-not-decodable'],
    ['references that are not a list', 200, '{"schema":"x","references":7}', 'data-not-decodable'],
    ['a schema over the limit', 200, `{"schema":"${'x'.repeat(5_000_000)}"}`, 'data-not-decodable'],
    ['that it cannot read the schema', 422, '{"error_code":42201,"message":"no"}', 'data-not-decodable'],
  ] as const)
    it(`given that it answers ${what}, then that record alone fails`, async () => {
      answering(status, body)
      const reader = new OnDemandDataReader(PACKAGED, place())
      await reader.prepare([withId(BAD_ID)])
      assert.equal(outcome(reader, withId(BAD_ID)), code)
      await reader.prepare([withId(AVRO_ID)])
      assert.equal(outcome(reader, withId(AVRO_ID)), 'event')
    })

  it('given a schema that is mended, then it is read after a while', async () => {
    let nowMs = 0
    answering(200, '{"schema":"x","schemaType":"THRIFT"}')
    const reader = new OnDemandDataReader(PACKAGED, place(), () => nowMs)
    for (let at = 0; at < 3; at += 1) await reader.prepare([withId(BAD_ID)])
    assert.equal(registry.requests.length, 1, 'it is not asked for each time')
    answering(200, JSON.stringify({ schema: AVRO }))
    nowMs += 60_000
    await reader.prepare([withId(BAD_ID)])
    assert.equal(outcome(reader, withId(BAD_ID)), 'event')
  })

  for (const id of [2 ** 31, 2 ** 32 - 1])
    it(`given the id ${id}, which no registry can have, then it is unknown without asking`, async () => {
      answering(503, '{}')
      const reader = new OnDemandDataReader(PACKAGED, place())
      await reader.prepare([withId(id)])
      assert.equal(outcome(reader, withId(id)), 'schema-unknown')
      assert.deepEqual(registry.requests, [])
    })

  for (const [what, status, body] of [
    ['500', 500, '{"error_code":50001,"message":"store"}'],
    ['401', 401, '{"error_code":40101,"message":"no"}'],
    ['403', 403, '{"error_code":40301,"message":"no"}'],
    ['429', 429, '{"error_code":42901,"message":"slow down"}'],
    ['a page with 404', 404, '<html>'],
    ['a large page with 502', 502, 'x'.repeat(5_000_000)],
  ] as const)
    it(`given ${what}, then the registry counts as away`, async () => {
      answering(status, body)
      const reader = new OnDemandDataReader(PACKAGED, place())
      await assert.rejects(reader.prepare([withId(BAD_ID)]), {
        name: 'Unavailable',
        code: 'registry-unavailable',
      })
    })
})
