import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { framed, registryWith } from '@sluice/test-kit/schema-registry'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { delivered, FormatStage, findFailure } from '../../../support/format-stage.ts'
import { AVRO_ID, avroBytes, REGISTERED, SENT_AS, type SentAs, sent } from '../../../support/serialized.ts'

const registry = await registryWith(REGISTERED)

const content = (event: { value: Buffer; type: string }) =>
  logRecord(0, {
    key: Buffer.from('s-1'),
    value: event.value,
    headers: [
      ['content-type', Buffer.from(event.type)],
      ['ce_specversion', Buffer.from('1.0')],
      ['ce_id', Buffer.from('r-1')],
      ['ce_source', Buffer.from('/environment/test-site')],
      ['ce_type', Buffer.from('io.sluice.environment.reading.v1')],
    ],
  })

const avroRecord = (value: Buffer) => content({ value, type: 'application/avro' })

describe('producers of several formats on one topic', () => {
  it('given a reading of each, binary and structured, then each is applied as the same data', async () => {
    const stage = new FormatStage(registry.uri)
    const kinds = Object.keys(SENT_AS) as SentAs[]
    const records = [...kinds, ...kinds].map((as, offset) =>
      sent(offset, environmentReading(`r-${offset}`, { at: offset }), as, {
        ...(offset < kinds.length ? {} : { mode: 'structured' as const }),
      }),
    )
    assert.deepEqual(await stage.batch(records), { batchItemFailures: [] })
    assert.deepEqual(
      stage.outcomes,
      records.map(() => 'applied/counted'),
    )
    assert.equal(registry.requests.length, 3, 'each schema is fetched once')
    const [first, ...others] = stage.observer.decisions.map(({ event }) => event)
    for (const other of others) assert.deepEqual(other?.data, first?.data)
  })

  // Promise docs/data-formats.md#data-formats | A reading that is sent in JSON and again in another format is a repeat.
  for (const as of Object.keys(SENT_AS) as SentAs[])
    it(`given one event as json and again as ${as}, then the second is a repeat`, async () => {
      const stage = new FormatStage(registry.uri)
      await stage.batch([sent(0, environmentReading('r-1'), 'json'), sent(1, environmentReading('r-1'), as)])
      assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known'])
    })

  for (const as of ['avro without an id', 'protobuf without an id'] as const)
    it(`given no registry, then ${as} is read with the packaged schema`, async () => {
      const stage = new FormatStage()
      await stage.batch([sent(0, environmentReading('r-1'), as)])
      assert.deepEqual(stage.outcomes, ['applied/counted'])
      assert.deepEqual(registry.requests, [])
    })

  it('given a type that the consumer does not accept, then no schema is fetched', async () => {
    const stage = new FormatStage(registry.uri)
    await stage.batch([sent(0, environmentReading('r-1', { type: 'another.type' }), 'avro with an id')])
    assert.deepEqual(stage.outcomes, ['ignored/not-mine'])
    assert.deepEqual(registry.requests, [])
  })
})

describe('data that cannot be read', () => {
  const reading = environmentReading('r-1')
  for (const [what, record, outcome] of [
    ['an unknown id', avroRecord(framed(77, avroBytes(reading))), 'failed/schema-unknown'],
    [
      'a truncated value',
      avroRecord(framed(AVRO_ID, avroBytes(reading).subarray(0, 9))),
      'failed/data-not-decodable',
    ],
    [
      'another message index',
      content({ value: framed(2, Buffer.of(2, 14)), type: 'application/protobuf' }),
      'failed/data-not-decodable',
    ],
    ['a schema of another format', avroRecord(framed(2, Buffer.of(0))), 'failed/data-not-decodable'],
    [
      'a value that claims more',
      avroRecord(framed(AVRO_ID, Buffer.from('feffffffffffffff7f', 'hex'))),
      'failed/data-not-decodable',
    ],
    ['invalid JSON', content({ value: framed(3, '{'), type: 'application/json' }), 'failed/malformed-event'],
    [
      'JSON that its schema refuses',
      content({ value: framed(3, '{}'), type: 'application/json' }),
      'failed/data-not-decodable',
    ],
    [
      'JSON with too large an integer',
      content({ value: framed(3, '{"a":9007199254740993}'), type: 'application/json' }),
      'failed/number-not-exact',
    ],
  ] as const)
    it(`given ${what}, then it fails with its code and bytes, and the next is applied`, async () => {
      const stage = new FormatStage(registry.uri)
      const next = { ...sent(1, environmentReading('r-2'), 'avro with an id') }
      await stage.batch([record, next])
      assert.deepEqual(stage.outcomes, [outcome, 'applied/counted'])
      const failed = findFailure(stage)
      assert.equal(failed.originalValue, record.value?.toString('base64'))
    })

  it('given an id without a registry, then it can be retried', async () => {
    const stage = new FormatStage()
    await stage.batch([sent(0, reading, 'json with an id')])
    assert.deepEqual(stage.outcomes, ['failed/schema-unknown'])
  })

  it('given a schema that is registered later, then a later record is read with it', async () => {
    const stage = new FormatStage(registry.uri)
    registry.schemas.delete(AVRO_ID)
    const records = [0, 1, 2].map(at => sent(at, environmentReading(`r-${at}`), 'avro with an id'))
    await stage.batch(records.slice(0, 1))
    registry.schemas.set(...REGISTERED[0])
    await stage.batch(records.slice(1, 2))
    stage.nowMs += 60_000
    await stage.batch(records.slice(2))
    assert.deepEqual(stage.outcomes, ['failed/schema-unknown', 'failed/schema-unknown', 'applied/counted'])
    assert.equal(registry.requests.length, 2, 'an unknown id is not asked for each time')
  })
})

describe('a registry that cannot be reached', () => {
  const five = (as: SentAs, partition = 0) =>
    Array.from({ length: 5 }, (_, offset) =>
      sent(offset, environmentReading(`r-${partition}-${offset}`, { at: offset }), offset < 2 ? 'json' : as, {
        partition,
      }),
    )

  // Promise docs/data-formats.md#with-a-schema-registry | While a registry cannot be reached, records that need it wait, and none is lost. Data that refers to a schema is never read with a packaged one.
  for (const [what, listener] of [
    ['is down', (_: unknown, response: { destroy(): void }) => response.destroy()],
    [
      'answers another form',
      (_: unknown, response: { end(text: string): void }) => response.end('{"schema":5}'),
    ],
    ['never answers', () => {}],
    [
      'refuses the login',
      (_: unknown, response: { statusCode: number; end(text: string): void }) => {
        response.statusCode = 401
        response.end('{"error_code":40101,"message":"no"}')
      },
    ],
  ] as const)
    it(`given a registry that ${what}, then that partition waits, and nothing is lost`, async () => {
      const stage = new FormatStage(registry.uri, what === 'never answers' ? 300 : undefined)
      registry.answerBy(listener as never)
      const waits = five('avro with an id')
      const goesOn = five('json', 1)
      const { batchItemFailures } = await stage.batch([...waits, ...goesOn])
      assert.deepEqual(
        [...new Set(batchItemFailures.map(({ itemIdentifier: { partition } }) => partition))],
        [`${stage.topic}-0`],
      )
      assert.equal(
        stage.outcomes.length,
        7,
        'two before the first that needs a schema, and the other partition',
      )
      assert.deepEqual(
        stage.observer.waits.map(({ reason }) => reason),
        ['registry-unavailable'],
      )
      registry.answerBy()
      // A new function, with all the time that it takes.
      stage.consumer = { ...stage.consumer, reader: new FormatStage(registry.uri).coldReader() }
      stage.nowMs += 60_000
      assert.deepEqual(await stage.batch(waits), { batchItemFailures: [] })
      assert.deepEqual(stage.outcomes, Array(10).fill('applied/counted'))
      assert.deepEqual(await stage.state('/environment/test-site s-1'), { count: 5 })
    })

  it('given that it has just failed, then it is left alone for a moment', async () => {
    const stage = new FormatStage(registry.uri)
    registry.answerBy((_, response) => response.destroy())
    for (let batch = 0; batch < 3; batch += 1) await stage.batch(five('avro with an id'))
    assert.equal(registry.requests.length, 1)
    assert.equal(stage.observer.waits.length, 3)
  })
})

describe('what Lambda has read with a registry of its own', () => {
  const reading = environmentReading('r-1')

  // Promise docs/data-formats.md#with-lambdas-own-schema-registry-support | Records that Lambda has read with a registry of its own are those of the log.
  it('given SOURCE, then the id is put back: a failure has the bytes of the log', async () => {
    const stage = new FormatStage(registry.uri)
    const record = avroRecord(framed(AVRO_ID, avroBytes(reading).subarray(0, 9)))
    await delivered(stage, record, (record.value as Buffer).subarray(5))
    assert.deepEqual(stage.outcomes, ['failed/data-not-decodable'])
    const { originalValue, omitted } = findFailure(stage)
    assert.equal(originalValue, record.value?.toString('base64'))
    assert.deepEqual(omitted, [])
  })

  it('given JSON, then it is read without a registry, and the log is still the same', async () => {
    const stage = new FormatStage()
    const record = sent(0, reading, 'avro with an id')
    await delivered(stage, record, Buffer.from(JSON.stringify(reading.data)))
    assert.deepEqual(stage.outcomes, ['applied/counted'])
    stage.nowMs += 1
    await stage.batch([record, sent(1, reading, 'json')])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known'])
  })

  it('given JSON that fails, then the failure says that its value is only in the log', async () => {
    const stage = new FormatStage()
    const record = sent(0, reading, 'avro with an id')
    await delivered(stage, record, Buffer.from('{"sensorId":5}'))
    assert.deepEqual(stage.outcomes, ['failed/schema-violated'])
    const { originalValue, omitted } = findFailure(stage)
    assert.deepEqual({ originalValue, omitted }, { originalValue: null, omitted: ['value'] })
  })

  const JSON_METADATA = { schemaId: '3', dataFormat: 'JSON' } as const

  for (const mode of ['binary', 'structured'] as const)
    it(`given JSON with an id, ${mode}, then it is read without a registry, and is the same record`, async () => {
      const stage = new FormatStage()
      const plain = sent(0, reading, 'json', mode === 'structured' ? { mode } : {})
      const record = { ...plain, value: framed(3, plain.value as Buffer) }
      await delivered(stage, record, plain.value as Buffer, JSON_METADATA)
      await stage.batch([record, sent(1, reading, 'json')])
      assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known'])
    })
})
