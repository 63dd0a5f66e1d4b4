/** Whatever a record holds, reading it ends with an event that keeps the rules, or with a failure that has a code. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { attributeViolation } from '../../../../lib/runtime/cloudevents/attributes.ts'
import { attributesOf, isFailure } from '../../../../lib/runtime/cloudevents/event.ts'
import { isJson } from '../../../../lib/runtime/cloudevents/media-type.ts'
import { readEvent } from '../../../../lib/runtime/cloudevents/reader.ts'
import { type ContentMode, writeEvent } from '../../../../lib/runtime/cloudevents/writer.ts'
import { FAILURES } from '../../../../lib/runtime/consumer/failure-codes.ts'
import { toLogRecord } from '../../../../lib/runtime/pipeline/receive.ts'

/** A longer run has more inputs: `FUZZ_RUNS=1000000 node --test …`, and others with `FUZZ_SEED`. */
const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 10_000), seed: Number(process.env.FUZZ_SEED ?? 15) }

const REQUIRED = { specversion: '1.0', id: 'a-1', source: '/s', type: 't' }
const NAMES = [
  ...Object.keys(REQUIRED),
  'subject',
  'time',
  'dataschema',
  'datacontenttype',
  'ext',
  'data',
  'Ü',
  '',
]
const TYPES = [
  'application/json',
  'text/plain; charset=utf-8',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/cloudevents+avro',
  'application/avro',
  'APPLICATION/CloudEvents+JSON; charset=UTF-8',
]
const VALUES = [
  '',
  'e30=',
  '1.0',
  '/s',
  '2026-03-01T12:00:00.123456789Z',
  'urn:a:b',
  'a b',
  '\u0000',
  'ü',
  '%',
  'true',
  ...TYPES,
]

/** Mostly all of them, so that more than the first check is reached. */
const required = fc.oneof(
  { arbitrary: fc.constant(Object.entries(REQUIRED)), weight: 5 },
  { arbitrary: fc.subarray(Object.entries(REQUIRED)), weight: 1 },
)
const anyBytes = fc.oneof(
  fc.constantFrom(...VALUES).map(text => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map(Buffer.from),
)
const anyName = fc.oneof(
  fc.constantFrom('content-type', ...NAMES.map(name => `ce_${name}`)),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const anyHeader = fc.tuple(anyName, anyBytes)
const headers = fc
  .tuple(
    required,
    fc.option(fc.constantFrom(...TYPES), { nil: undefined, freq: 5 }),
    fc.array(anyHeader, { maxLength: 2 }),
  )
  .chain(([attributes, type, others]) => {
    const sound = attributes.map(([name, text]) => [`ce_${name}`, Buffer.from(text)] as const)
    const typed = type === undefined ? [] : [['content-type', Buffer.from(type)] as const]
    const all = [...sound, ...typed, ...others]
    return fc.shuffledSubarray(all, { minLength: all.length })
  })
const memberNames = fc.constantFrom('ext', ...NAMES, 'data_base64', '__proto__', 'constructor')
const document = fc
  .tuple(
    required,
    fc.dictionary(memberNames, fc.oneof(fc.constantFrom(...VALUES), fc.jsonValue()), { maxKeys: 2 }),
  )
  .map(([attributes, others]) => JSON.stringify({ ...Object.fromEntries(attributes), ...others }))
/** Pieces of JSON are cut out, or put in twice. */
const damaged = fc.tuple(document, fc.nat(), fc.nat(9), fc.boolean()).map(([text, at, length, isTwice]) => {
  const start = at % (text.length + 1)
  return (
    text.slice(0, start) +
    (isTwice ? text.slice(start, start + length).repeat(2) : '') +
    text.slice(start + length)
  )
})
const value = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
  fc.jsonValue().map(json => Buffer.from(JSON.stringify(json) ?? '')),
  document.map(text => Buffer.from(text)),
  damaged.map(text => Buffer.from(text)),
)
const STRUCTURED = ['content-type', Buffer.from('application/cloudevents+json')] as const
const record = fc.oneof(
  fc.record({ headers, value }),
  fc.record({
    headers: fc.array(anyHeader, { maxLength: 2 }).map(others => [...others, STRUCTURED]),
    value: fc.oneof(document, damaged).map(text => Buffer.from(text)),
  }),
  fc.record({ headers: fc.array(anyHeader, { maxLength: 4 }), value }),
)

describe('given any record, when it is read', () => {
  it('then it is an event that keeps the rules of attributes, or a failure with a code', () => {
    const ends = new Set<string>()
    fc.assert(
      fc.property(record, given => {
        const read = readEvent(given)
        ends.add(isFailure(read) ? read.code : 'event')
        if (isFailure(read)) {
          assert.equal(FAILURES[read.code].class, 'permanent')
          assert.ok(read.message.length <= 1_000 && read.message.isWellFormed())
        } else assert.equal(attributeViolation(attributesOf(read)), undefined)
      }),
      RUNS,
    )
    // Else the records were all alike, and the rules above not reached.
    for (const end of ['event', 'malformed-event', 'not-a-cloudevent']) assert.ok(ends.has(end), end)
  })

  it('then nothing is lost: written again in either mode, it is the same event', () => {
    let events = 0
    fc.assert(
      fc.property(record, fc.constantFrom<ContentMode>('binary', 'structured'), (given, mode) => {
        const event = readEvent(given)
        if (isFailure(event) || isAmbiguous(event)) return
        const again = readEvent(writeEvent(event, mode))
        events += 1
        assert.deepEqual(withoutMinusZero(again), withoutMinusZero({ ...event, ...impliedType(event) }))
      }),
      RUNS,
    )
    assert.ok(events > RUNS.numRuns / 10, `${events} events`)
  })

  it('then it does not matter whether its bytes come from a client or from Lambda, signed or not', () => {
    fc.assert(
      fc.property(record, fc.boolean(), (given, isSigned) => {
        const numbers = (bytes: Buffer) => [...(isSigned ? new Int8Array(bytes) : bytes)]
        const lambda = toLogRecord({
          topic: 't',
          partition: 0,
          offset: 0,
          timestamp: 0,
          value: given.value?.toString('base64') ?? null,
          headers: given.headers.map(([name, bytes]) => ({ [name]: numbers(bytes) })),
        })
        assert.deepEqual(readEvent(lambda), readEvent(given))
      }),
      RUNS,
    )
  })
})

/** JSON without a content type is given one where it is written. */
function impliedType({ data, datacontenttype }: { data?: unknown; datacontenttype?: string }): object {
  const isJson = data !== undefined && !Buffer.isBuffer(data) && datacontenttype === undefined
  return isJson ? { datacontenttype: 'application/json' } : {}
}

/**
 * Binary mode has one form for two values: bytes without a content type that are JSON, and a value of JSON format beside a content
 * type that is not JSON, which becomes its bytes.
 */
function isAmbiguous({ data, datacontenttype }: { data?: unknown; datacontenttype?: string }): boolean {
  if (datacontenttype === undefined) return Buffer.isBuffer(data)
  return data !== undefined && !Buffer.isBuffer(data) && !isJson(datacontenttype)
}

/** JSON writes -0 as 0. */
function withoutMinusZero(event: object): object {
  const { data } = event as { readonly data?: unknown }
  return typeof data === 'object' && !Buffer.isBuffer(data)
    ? { ...event, data: JSON.parse(JSON.stringify(data)) }
    : event
}
