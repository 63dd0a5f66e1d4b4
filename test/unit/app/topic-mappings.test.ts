import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { isFailure } from '#runtime/cloudevents/event.ts'
import { readEvent } from '#runtime/cloudevents/reader.ts'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import { plainEvents, plainRecords } from '#runtime/pipeline/decoding/plain-records.ts'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { listMappings, mappingsByTopic } from '../../../lib/app/functions.ts'
import { readSettings, MAPPINGS as SLICE, topicMappingsVariable } from '../../../lib/app/settings/index.ts'
import { topicMappings } from '../../../lib/app/topic-mappings.ts'
import { PROJECT } from '../../support/program.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-mappings-'))
after(() => rmSync(folder, { recursive: true }))

const MAPPINGS = join(PROJECT, 'config/mappings')

function fileOf(functions: string): URL {
  const file = join(folder, 'serverless.yml')
  writeFileSync(file, `functions:\n${functions}`)
  return pathToFileURL(file)
}

const ENTRY = `  counting:
    consumes: readings
    mappings: [plain-sensor]
  factory:
    foreignTopics: factory
    mappings: device
`

const recordOf = (value: object | string, topic = 'sluice.telemetry.readings.prod'): LogRecord => ({
  ...{ topic, partition: 0, offset: 7, timestampMs: 1_000, key: null, headers: [] },
  value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
})

const PLAIN = recordOf({ sensor_id: 'ws_001', temperature: 25.5 })

describe('the mappings of a topic', () => {
  it('given functions, then a topic has those of all that read it, once each, in their order', () => {
    const one = (consumes: 'readings' | 'events', ...mappings: string[]) => ({
      ...{ consumes: [consumes], foreignTopics: [], mappings },
    })
    const found = mappingsByTopic([
      one('readings', 'b', 'a'),
      one('events'),
      { consumes: [], foreignTopics: ['x', 'y'], mappings: ['c'] },
      one('readings', 'a', 'd'),
    ])
    assert.deepEqual(
      found.map(({ topic, mappings }) => `${topic}: ${mappings.join(' ')}`),
      ['readings: b a d', 'x: c', 'y: c'],
    )
  })

  it('given mappings of a topic, then they come before those of its functions, which may have others', () => {
    const named = [
      { topic: 'readings', mappings: ['a'] },
      { topic: 'z', mappings: ['c'] },
    ]
    const consumer = { consumes: ['readings'] as const, foreignTopics: [] }
    const functions = [consumer, { ...consumer, mappings: ['b'] }, { ...consumer, mappings: [] }]
    assert.deepEqual(
      functions.map(one => listMappings(one, named)),
      [['a'], ['b'], []],
    )
    assert.deepEqual(listMappings({ consumes: ['events'], foreignTopics: ['z'] }, named), ['c'])
    assert.deepEqual(topicMappingsVariable(mappingsByTopic(functions, named)), {
      TOPIC_MAPPINGS: 'readings=a,b,z=c',
    })
    assert.deepEqual(topicMappingsVariable([]), {})
  })

  const texts: [text: string, expected: object | RegExp][] = [
    ['readings=a', { readings: ['a'] }],
    [' readings=a , b,x.y-z=c', { readings: ['a', 'b'], 'x.y-z': ['c'] }],
    ['a', /TOPIC_MAPPINGS: must be topic=mapping/],
    ['readings=', /must be topic=mapping/],
    ['readings=a,,b', /must be topic=mapping/],
    ['readings=a,readings=b', /must be topic=mapping/],
    ['readings=a=b', /must be topic=mapping/],
    ['readings=../a', /must be topic=mapping/],
  ]
  for (const [text, expected] of texts)
    it(`given TOPIC_MAPPINGS=${text}, then ${expected instanceof RegExp ? 'it is refused' : 'each topic has its list'}`, () => {
      const read = () => readSettings([SLICE], { TOPIC_MAPPINGS: text }).topicMappings
      if (expected instanceof RegExp) assert.throws(read, expected)
      else
        assert.deepEqual(Object.fromEntries(read().map(({ topic, mappings }) => [topic, mappings])), expected)
    })

  it('given mappings of a topic and no list of functions (a deployed console), then records are read', async () => {
    const named = [{ topic: 'readings', mappings: ['plain-sensor'] }]
    const foreign = await topicMappings(
      { mappingsDir: MAPPINGS, topicMappings: named },
      join(folder, 'none.yml'),
    )
    const event = foreign?.(PLAIN)
    assert.ok(event && !isFailure(event))
    assert.equal(event.subject, 'ws_001')
  })

  it('given a list of functions, then a record is read by the mapping of its topic, in any environment', async () => {
    const foreign = await topicMappings({ mappingsDir: MAPPINGS }, fileOf(ENTRY))
    const event = foreign?.(PLAIN)
    assert.ok(event && !isFailure(event))
    assert.deepEqual([event.source, event.subject], ['/environment/unknown', 'ws_001'])
    assert.equal(foreign?.(recordOf({ sensor_id: 'a', temperature: 1 }, 'factory')), undefined)
    const motion = foreign?.(recordOf({ model: 'm', x: 1, y: 2, z: 3 }, 'factory'))
    assert.ok(motion && !isFailure(motion))
    assert.equal(motion.source, '/device/m')
  })

  it('given no list, or no mappings in it, then nothing reads foreign records', async () => {
    assert.equal(await topicMappings({ mappingsDir: MAPPINGS }, join(folder, 'none.yml')), undefined)
    assert.equal(
      await topicMappings({ mappingsDir: MAPPINGS }, fileOf('  counting:\n    consumes: readings\n')),
      undefined,
    )
  })

  it('given a mapping that is not there, then the error names its file', async () => {
    const wrong = fileOf('  counting:\n    consumes: readings\n    mappings: nowhere\n')
    await assert.rejects(
      topicMappings({ mappingsDir: 'config/mappings' }, wrong),
      /^ConfigError: The topic readings has 1 error:\n {2}- config\/mappings\/nowhere\.yaml: there is no such/,
    )
  })
})

describe('records as people see them', () => {
  const reader = dataReader({}, () => topicMappings({ mappingsDir: MAPPINGS }, fileOf(ENTRY)))

  it('given a foreign record, then its event is shown, or why the mapping refuses it', async () => {
    const wrong = recordOf({ sensor_id: 'ws_002', temperature: 'hot' })
    const [read, refused, unknown] = await plainEvents([PLAIN, wrong, recordOf('{}')], reader)
    assert.ok(read && !isFailure(read))
    assert.equal((read.data as { temperature: number }).temperature, 25.5)
    assert.ok(refused && isFailure(refused) && unknown && isFailure(unknown))
    assert.deepEqual([refused.code, unknown.code], ['mapping-failed', 'not-a-cloudevent'])
  })

  it('given a foreign record among others, then it is rewritten as a CloudEvent, and the others are not', async () => {
    const event = recordOf(
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/json","data":{}}',
    )
    const structured = {
      ...event,
      headers: [['content-type', Buffer.from('application/cloudevents+json')]] as const,
    }
    const [mapped, ...others] = await plainRecords([PLAIN, structured, recordOf('{}')], reader)
    assert.ok(mapped)
    const read = readEvent(mapped)
    assert.ok(!isFailure(read))
    assert.equal(read.subject, 'ws_001')
    assert.deepEqual(others, [structured, recordOf('{}')])
  })
})
