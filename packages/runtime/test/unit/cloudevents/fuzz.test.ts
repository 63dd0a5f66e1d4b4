/** Whatever a record holds, reading it ends with an event that keeps the rules, or with a failure that has a code. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { eventViolation } from '../../../cloudevents/attributes.ts'
import { isFailure } from '../../../cloudevents/event.ts'
import { isJson } from '../../../cloudevents/media-type.ts'
import { readEvent } from '../../../cloudevents/reader.ts'
import { type ContentMode, writeEvent } from '../../../cloudevents/writer.ts'
import { FAILURES } from '../../../consumer/failure-codes.ts'
import { toLogRecord } from '../../../pipeline/batch/receive.ts'
import { JSON_TYPE, memberNames, REQUIRED, record, STRUCTURED } from '../../support/arbitrary-records.ts'

/** A longer run has more inputs: `FUZZ_RUNS=1000000 node --test …`, and others with `FUZZ_SEED`. */
const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 3_000), seed: Number(process.env.FUZZ_SEED ?? 15) }

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
        } else assert.equal(eventViolation(read), undefined)
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

  it('then a member that is there twice is refused at any depth, whatever its name and value', () => {
    const member = fc.tuple(
      fc.oneof(memberNames, fc.string({ unit: 'binary', maxLength: 3 })),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(
        fc.array(member, { maxLength: 8 }),
        fc.boolean(),
        fc.nat(200),
        (members, isEscaped, depth) => {
          const texts = members.map(
            ([name, value]) => `${quoted(name, isEscaped)} : ${JSON.stringify(value)}`,
          )
          const inner = `${'{"a":[1,'.repeat(depth)}{ ${texts.join(' , ')} }${']}'.repeat(depth)}`
          const read = readEvent({ headers: [STRUCTURED], value: Buffer.from(inner) })
          const isRepeated = isFailure(read) && read.message.endsWith('occurs more than once')
          assert.equal(isRepeated, new Set(members.map(([name]) => name)).size < members.length)
        },
      ),
      RUNS,
    )
  })

  it('then a number in a document is as exact as one in binary data', () => {
    const number = fc.oneof(
      fc.stringMatching(/^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?$/),
      fc.bigInt({ min: 2n ** 53n, max: 10n ** 18n }).map(String),
    )
    const codes = new Set<string>()
    fc.assert(
      fc.property(number, fc.constantFrom('', ' ', '\t'), (text, space) => {
        const json = Buffer.from(`[${space}${text}]`)
        const sound = Object.entries(REQUIRED)
        const headers = [
          ...sound.map(([name, value]) => [`ce_${name}`, Buffer.from(value)] as const),
          JSON_TYPE,
        ]
        const binary = readEvent({ headers, value: json })
        const members = sound.map(([name, value]) => `"${name}":"${value}",`).join('')
        const structured = readEvent({
          headers: [STRUCTURED],
          value: Buffer.from(`{${members}"data":${json}}`),
        })
        codes.add(isFailure(binary) ? binary.code : 'event')
        assert.deepEqual(structured, binary)
      }),
      RUNS,
    )
    assert.deepEqual([...codes].sort(), ['event', 'number-not-exact'])
  })
})

/** JSON may write any character as an escape. */
function quoted(name: string, isEscaped: boolean): string {
  if (!isEscaped) return JSON.stringify(name)
  return `"${name.replace(/[\s\S]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
}

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
