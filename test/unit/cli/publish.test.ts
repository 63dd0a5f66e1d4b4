import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { splitDocuments } from '../../../cli/input.ts'
import { parseDocuments, parseEvents } from '../../../cli/publish/parse-events.ts'
import { readConfig } from '../../../control/environment/config.ts'
import { placeDocument } from '../../../control/recordings/publish.ts'

const CONFIG = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' })
const OPTIONS = { config: CONFIG, name: 'f', newId: false, inputs: ['sensor-data'] }
const EVENT = { specversion: '1.0', id: '1', source: '/shop', type: 'shop.order', data: { total: 3 } }
const text = (changes: object = {}) => JSON.stringify({ ...EVENT, ...changes })

describe('given a text of JSON documents, when it is split', () => {
  const lines = (given: string) => splitDocuments(given).map(({ line, text: found }) => [line, found])

  it('then one object, lines and an array give the same documents, with their numbers', () => {
    assert.deepEqual(lines('{"a":\n1}\n'), [[1, '{"a":\n1}\n']])
    assert.deepEqual(lines('\n{"a":1}\n\n{"b":2}'), [
      [2, '{"a":1}'],
      [4, '{"b":2}'],
    ])
    assert.deepEqual(lines('[\n{"a":1},\n {"b":[2]}\n]\n'), [
      [1, '{"a":1}'],
      [2, '{"b":[2]}'],
    ])
    assert.deepEqual([lines(''), lines(' \n '), lines('[]')], [[], [], []])
  })

  it('then numbers keep their digits in the elements of an array, and are checked there', () => {
    const element = '{"a":12345678901234567890,"b":-0,"c":1e400,"d":1.50}'
    assert.deepEqual(lines(`[${element}]`), [[1, element]])
  })
})

describe('given events to publish, when they are read', () => {
  const refused = (given: string, options = OPTIONS) => {
    try {
      parseEvents(given, options)
    } catch (error) {
      return (error as Error).message
    }
    return 'taken'
  }

  // Promise docs/kafka.md#publish | All events are checked before one is published, and the place of each is printed.
  it('then what is required is named with its line, and nothing is published', () => {
    const missing = refused(`${text()}\n${text({ id: undefined, source: undefined })}\n${text({ type: '' })}`)
    assert.equal(
      missing,
      [
        'f:2: not a CloudEvent: required attribute "id", "source" is missing or empty',
        'f:3: not a CloudEvent: required attribute "type" is missing or empty',
        'Nothing was published.',
      ].join('\n'),
    )
  })

  it('then an invalid event, or data that violates its schema, is refused without its content', () => {
    assert.match(refused('{"secret"'), /^f:1: not JSON\n/)
    assert.match(refused('"secret"'), /^f:1: not a CloudEvent: the document is not a JSON object\n/)
    assert.match(refused(`[${text()}`), /^f:1: not JSON\n/)
    assert.match(refused('{"id":"1","id":"2"}'), /^f:1: not a CloudEvent/)
    assert.match(refused(''), /^f: it contains no event$/)
    const hot = text({ type: 'io.sluice.environment.reading.v1', data: { sensorId: 's', temperature: '28' } })
    assert.match(refused(hot), /^f:1: schema-violated: location is missing; temperature must be number\n/)
    const many = Array.from({ length: 13 }, () => '{"specversion":"1.0"}').join('\n')
    assert.match(refused(many), /\nf:10: .*\nand 3 more\nNothing was published\.$/)
  })

  const plain: [text: string, isPlain: boolean][] = [
    ['{"sensor_id":"ws_001","temperature":25.5}', true],
    [`${text()}\n{}`, true],
    ['{"specversion":"1.0"}', false],
    ['{"id":"1","source":"/s"}', false],
    ['"text"', false],
    ['[', false],
  ]
  for (const [given, isPlain] of plain)
    it(`then ${given.slice(-40)} ${isPlain ? 'leads to mappings and to import' : 'is only refused'}`, () => {
      const message = refused(given)
      assert.match(message, /Nothing was published\./)
      assert.equal(message.includes('sluice mappings try f`'), isPlain)
      assert.equal(message.includes('sluice import f --mapping NAME'), isPlain)
    })

  it('then an id is made up only on request, and only if it is missing', () => {
    const options = { ...OPTIONS, newId: true }
    const [first, second] = parseEvents(`${text({ id: undefined })}\n${text({ id: undefined })}`, options)
    assert.match(first?.id ?? '', /^[0-9a-f-]{36}$/)
    assert.notEqual(first?.id, second?.id)
    assert.equal(parseEvents(text(), options)[0]?.id, '1')
    assert.match(refused(text({ id: '' }), options), /"id" is missing or empty/)
    assert.match(refused('{}', options), /"specversion", "source", "type" is missing/)
    assert.match(refused('{}', { ...OPTIONS, inputs: [] }), /none is known here, so choose a stack/)
  })
})

describe('given records for an input, when they are read', () => {
  it('then any JSON becomes a record as it is, and what is not JSON is refused with its line', () => {
    const text = '{"sensor_id": "ws_001",  "temperature": 25.50}\n[1]\n7'
    const input = { topic: 'sensor-data', partitions: 3 }
    const placed = parseDocuments(text, 'f').map(document => placeDocument(document, input))
    assert.equal(placed.map(({ value }) => value).join('\n'), text)
    assert.deepEqual(
      placed.map(({ partition, key, headers }) => [partition, key, headers]),
      [1, 2, 0].map(partition => [partition, null, []]),
    )
    assert.throws(
      () => parseDocuments('{}\n{"a', 'f'),
      /^CliFailure: f:2: not JSON\nNothing was published\.$/,
    )
    assert.throws(() => parseDocuments(' \n', 'f'), /f: it contains no record/)
  })

  it('then all records with a key are in its partition', () => {
    const placed = [1, 2, 3].map(line =>
      placeDocument({ line, text: '{}' }, { topic: 'orders', partitions: 12, key: 'customer-7' }),
    )
    assert.equal(new Set(placed.map(({ partition }) => partition)).size, 1)
    assert.ok(placed.every(({ key }) => key?.toString() === 'customer-7'))
  })
})
