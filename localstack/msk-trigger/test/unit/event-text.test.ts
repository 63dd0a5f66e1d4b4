import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import fc from 'fast-check'
import { type LambdaRecord, lambdaEvent, lambdaRecord, type Message } from '../../invoke/event.ts'
import { partitionBytes, recordBytes } from '../../invoke/event-size.ts'
import { eventText } from '../../invoke/event-text.ts'

const MAPPING = { kind: 'msk', topic: 't', eventSourceArn: 'arn' } as const

type Header = readonly [name: string, value: Buffer | null]

function messageWith(headerList: readonly Header[]): Message {
  return { key: Buffer.from('k'), value: Buffer.from('v'), timestamp: '1', offset: '7', headerList }
}

function eventOf(...records: LambdaRecord[]) {
  return lambdaEvent(MAPPING, ['h:1'], [[0, records]])
}

/** What must come of the headers, without the code under test. */
function expected(headers: readonly Header[]) {
  return headers.map(([name, value]) => Object.fromEntries([[name, [...(value ?? [])]]]))
}

const NAMES = ['2', 'a', '1', '2', '__proto__', 'ä"\\\u2028😀', '']
const many = (count: number): Header[] =>
  Array.from({ length: count }, (_, n) => [
    NAMES[n] ?? `name ${n}`,
    n % 3 === 0 ? null : Buffer.from([n % 256, 255]),
  ])

describe('a record with many headers', () => {
  const headers = many(2_000)
  const record = lambdaRecord('t', 0, messageWith(headers))

  it('has them in the order of the log, with repeats, like a record with few', () => {
    assert.deepEqual(record.headers, expected(headers))
    assert.deepEqual(structuredClone(record), { ...record, headers: expected(headers) })
    assert.deepEqual(Object.keys(record), Object.keys(lambdaRecord('t', 0, messageWith(many(2)))))
  })

  it('is the same in the text of an event as through JSON.stringify', () => {
    const few = lambdaRecord('t', 0, messageWith(many(3)))
    const event = eventOf(few, record, few)
    assert.equal(eventText(event), JSON.stringify(event))
  })

  it('has the size in the event that was calculated for it', () => {
    const empty = Buffer.byteLength(JSON.stringify(eventOf()))
    // The partition is in both; a comma after the record is not in the event.
    const bytes = empty + recordBytes('t', 0, messageWith(headers)) - 1
    assert.equal(Buffer.byteLength(eventText(eventOf(record))), bytes)
    assert.ok(partitionBytes('t', 0) > 0)
  })

  it('given ten times as many, then the time is about ten times as long', () => {
    const cpuUs = (count: number) => {
      const message = messageWith(many(count))
      const { user, system } = process.cpuUsage()
      eventText(eventOf(lambdaRecord('t', 0, message)))
      const after = process.cpuUsage()
      return after.user + after.system - user - system
    }
    cpuUs(9_000)
    const few = cpuUs(9_000)
    const all = cpuUs(90_000)
    // If it were quadratic, it would take a hundred times as long.
    assert.ok(all < 50 * Math.max(few, 10_000), `${few} µs, then ${all} µs`)
  })

  it('is kept in about as much memory as its text, because many may wait', () => {
    const before = usedBytes()
    const kept = Array.from({ length: 10 }, () => lambdaRecord('t', 0, messageWith(many(20_000))))
    const each = (usedBytes() - before) / kept.length
    const text = Buffer.byteLength(eventText(eventOf(kept[0] as LambdaRecord)), 'utf16le')
    // As objects they take ten times as much.
    assert.ok(each < 2 * text, `${each} bytes for a text of ${text}`)
  })
})

describe('the text of an event', () => {
  it('given any event, then it is that of JSON.stringify', () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 9 }).map(array => Buffer.from(array)))
    const headers = fc.array(fc.tuple(fc.string({ unit: 'binary' }), bytes), { maxLength: 5 })
    fc.assert(
      fc.property(fc.array(headers), lists => {
        const event = eventOf(...lists.map(list => lambdaRecord('t', 0, messageWith(list))))
        assert.equal(eventText(event), JSON.stringify(event))
      }),
    )
    assert.equal(eventText({ records: 1 }), '{"records":1}')
    assert.equal(eventText(null), 'null')
  })
})

v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc')

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
