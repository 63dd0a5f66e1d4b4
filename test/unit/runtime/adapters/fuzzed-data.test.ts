/** The decoder under arbitrary input. `FUZZ_RUNS` says how many inputs each property gets; by default, a few seconds' worth. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import { startSchemaRegistry } from '@sluice/test-kit/schema-registry'
import fc from 'fast-check'
import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import { FAILURES } from '#runtime/consumer'
import { OnDemandDataReader } from '#runtime/test/support/inside'
import { environmentReading } from '#runtime/test/support/records'
import { PACKAGED, REGISTERED, SENT_AS, type SentAs, sent } from '../../../support/serialized.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 1_500)
const KINDS = Object.keys(SENT_AS) as SentAs[]

/** Schemas that are easily misread: they contain themselves, hold nothing, or have every type. */
const ODD = [
  [10, { schema: '{"type":"array","items":"null"}' }],
  [11, { schema: '{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}' }],
  [12, { schema: '{"type":"map","values":{"type":"array","items":["long","bytes","double","boolean"]}}' }],
  [
    13,
    {
      schema: 'syntax = "proto3"; message A { repeated A a = 1; map<string, A> b = 2; int64 c = 3; }',
      schemaType: 'PROTOBUF',
    },
  ],
  [
    14,
    {
      schema: 'syntax = "proto2"; message A { required string a = 1; extensions 5 to 9; }',
      schemaType: 'PROTOBUF',
    },
  ],
  [15, { schema: '{"type":"nonsense"}' }],
  [16, { schema: '{', schemaType: 'JSON' }],
  [
    17,
    {
      schema: '{"$ref":"#/definitions/a","definitions":{"a":{"items":{"$ref":"#/definitions/a"}}}}',
      schemaType: 'JSON',
    },
  ],
] as const

let registry: Awaited<ReturnType<typeof startSchemaRegistry>>
before(async () => {
  registry = await startSchemaRegistry()
  for (const [id, schema] of [...REGISTERED, ...ODD]) registry.schemas.set(id, schema)
})
after(() => registry.close())

/** Ends as an event or a coded failure; throws nothing. */
async function ending(record: LogRecord, reader: OnDemandDataReader): Promise<string> {
  await reader.prepare([record])
  const event = readEvent(record)
  const read = isFailure(event) ? event : reader.read(event, record)
  if (!isFailure(read)) {
    // The data is plain: it survives being written as JSON.
    if (!Buffer.isBuffer(read.data)) JSON.stringify(read.data)
    return 'event'
  }
  assert.ok(read.code in FAILURES, read.code)
  return read.code
}

const reading = fc.record({
  id: fc.string({ minLength: 1 }),
  temperature: fc.double({ noNaN: true, noDefaultInfinity: true }),
})

/** Edits of bytes: cuts, insertions, changes, and numbers that claim much. */
const edit = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(200) }),
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(200), byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(200),
    bytes: fc.uint8Array({ maxLength: 12 }),
  }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(200),
    bytes: fc.constantFrom(
      ...['ffffffffffffffffff01', 'feffffff0f', '00', 'ff01', '0a'].map(
        hex => new Uint8Array(Buffer.from(hex, 'hex')),
      ),
    ),
  }),
)

type Edit = typeof edit extends fc.Arbitrary<infer One> ? One : never

function edited(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let result = bytes
  for (const edit of edits) {
    const at = Math.min(edit.at, result.length)
    if (edit.kind === 'cut') result = result.subarray(0, at)
    else if (edit.kind === 'insert')
      result = Buffer.concat([result.subarray(0, at), edit.bytes, result.subarray(at)])
    else {
      result = Buffer.from(result)
      if (at < result.length) result[at] = edit.byte
    }
  }
  return result
}

describe('the decoder', () => {
  it('given valid records that were damaged, then each is an event or a coded failure', async () => {
    const reader = new OnDemandDataReader(PACKAGED, { url: registry.uri })
    const endings = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS),
        reading,
        fc.array(edit, { maxLength: 3 }),
        fc.constantFrom(undefined, 'structured' as const),
        async (as, { id, temperature }, edits, mode) => {
          const record = sent(0, environmentReading(id.replace(/\p{C}/gu, '') || 'x', { temperature }), as, {
            ...(mode ? { mode } : {}),
          })
          const end = await ending({ ...record, value: edited(record.value as Buffer, edits) }, reader)
          endings.set(end, (endings.get(end) ?? 0) + 1)
        },
      ),
      { seed: 20_261, numRuns: RUNS },
    )
    for (const end of ['event', 'data-not-decodable', 'schema-unknown', 'malformed-event'])
      assert.ok(endings.get(end), `${end} was never reached: ${[...endings]}`)
  })

  it('given any bytes behind any schema, then each is an event or a coded failure', async () => {
    const reader = new OnDemandDataReader(PACKAGED, { url: registry.uri })
    const [template] = [sent(0, environmentReading('r-1'), 'avro with an id alone')]
    const endings = new Map<string, number>()
    const ids = [...REGISTERED, ...ODD].map(([id]) => id)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ids),
        fc.oneof(
          fc.uint8Array({ maxLength: 64 }),
          fc.array(fc.constantFrom(0, 1, 2, 4, 8, 10, 18, 255), { maxLength: 300 }),
        ),
        async (id, body) => {
          const prefix = Buffer.alloc(5)
          prefix.writeInt32BE(id, 1)
          const end = await ending(
            { ...template, value: Buffer.concat([prefix, Buffer.from(body)]) } as LogRecord,
            reader,
          )
          endings.set(end, (endings.get(end) ?? 0) + 1)
        },
      ),
      { seed: 20_262, numRuns: RUNS },
    )
    for (const end of ['event', 'data-not-decodable']) assert.ok(endings.get(end), `${end} was never reached`)
  })

  it('given any answer of a registry, then the record waits, or is an event or a coded failure', async () => {
    const record = sent(0, environmentReading('r-1'), 'avro with an id')
    const snapshot = serialize(record.value)
    let waited = 0
    const answer = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.string(),
      fc
        .record(
          {
            schema: fc.oneof(fc.string(), fc.json(), fc.constant('"long"')),
            schemaType: fc.oneof(fc.string(), fc.constantFrom('AVRO', 'JSON', 'PROTOBUF')),
            references: fc.anything(),
          },
          { requiredKeys: ['schema'] },
        )
        .map(value => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(answer, fc.constantFrom(200, 204, 301, 404, 429, 500), async (text, status) => {
        registry.answerBy((_, response) => {
          response.statusCode = status
          response.end(status === 204 ? undefined : text)
        })
        const reader = new OnDemandDataReader(PACKAGED, { url: registry.uri, answerWithinMs: 2_000 })
        await ending(record, reader).catch((error: { code?: string }) => {
          assert.equal(error.code, 'registry-unavailable', String(error))
          waited += 1
        })
      }),
      { seed: 20_263, numRuns: Math.ceil(RUNS / 5) },
    )
    registry.answerBy()
    assert.ok(waited > 0)
    assert.deepEqual(deserialize(snapshot), record.value, 'the record was not changed')
  })
})
