import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-mappings-try-'))
after(() => rmSync(folder, { recursive: true }))

function tryFile(file: string, content: string, options: readonly string[] = [], environment = {}) {
  writeFileSync(join(folder, file), content)
  return ran(['mappings', 'try', file, ...options], { folder, environment })
}

const PLAIN = '{"sensor_id":"ws_001","temperature":25.5}'
const TABLE =
  'sensor_id,temperature,humidity,code\nws_001,25.5,,007\n\nws_002,hot,1,\n1234567890123456789,1,2,3\na,b\n'
const NAMED = ['--mapping', 'plain-sensor']

describe('sluice mappings try', () => {
  it('given JSON lines, then each record shows its event or the reason, and the summary counts them', async () => {
    const lines = `${PLAIN}\n\n{"temp":1}\n{"sensor_id":"a","temperature":"hot"}\n`
    const { status, stdout, stderr } = await tryFile('a.jsonl', lines, NAMED)
    assert.equal(
      stdout,
      `a.jsonl:1 plain-sensor  ✓ io.sluice.environment.reading.v1
  source   /environment/unknown
  subject  ws_001
  time     null
  data     {"sensorId":"ws_001","temperature":25.5,"location":{"site":"unknown","latitude":0,"longitude":0}}
a.jsonl:3  ✗ not-a-cloudevent: no mapping takes it (plain-sensor: it has no "sensor_id")
a.jsonl:4  ✗ mapping-failed: mapping plain-sensor: "temperature" must be a number
3 records: 1 event, 2 refused (not-a-cloudevent 1, mapping-failed 1)
`,
    )
    assert.deepEqual([status, stderr], [1, '1 of 3 records failed.\n'])
  })

  it('given records that are mapped, and others that no mapping takes, then the status is 0', async () => {
    const { status, stdout } = await tryFile('b.json', `[${PLAIN},\n {"a":1}]`, NAMED)
    assert.equal(status, 0)
    assert.match(
      stdout,
      /b\.json:2 {2}✗ not-a-cloudevent: .*\n2 records: 1 event, 1 refused \(not-a-cloudevent 1\)/,
    )
  })

  it('given no record that is mapped, then the status is 1', async () => {
    const { status, stdout, stderr } = await tryFile('c.json', PLAIN, ['--mapping', 'weather'])
    assert.deepEqual([status, stderr], [1, 'No record was mapped.\n'])
    assert.match(stdout, /\n1 record: 0 events, 1 refused \(not-a-cloudevent 1\)\n$/)
  })

  it('given CSV, then cells are numbers or texts, and broken rows are named', async () => {
    const { stdout } = await tryFile('d.csv', TABLE, [...NAMED, '--json'])
    const [first, second, third, fourth] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.deepEqual(first, {
      ...{ line: 2, accepted: true, mapping: 'plain-sensor', others: [] },
      event: {
        ...{ type: 'io.sluice.environment.reading.v1', source: '/environment/unknown', subject: 'ws_001' },
        time: null,
        data: {
          sensorId: 'ws_001',
          temperature: 25.5,
          location: { site: 'unknown', latitude: 0, longitude: 0 },
        },
      },
    })
    assert.deepEqual([second.line, second.accepted, second.code], [4, false, 'mapping-failed'])
    assert.equal(third.event.subject, '1234567890123456789')
    assert.deepEqual([fourth.line, fourth.code], [6, 'unreadable'])
  })

  it('given CSV on standard input, and no mapping by name, then all that are ready are tried', async () => {
    const { status, stdout } = await ran(['mappings', 'try', '-'], { stdin: 'station,temp,time\nroof,2,0\n' })
    assert.equal(status, 0)
    assert.match(stdout, /^standard input:2 weather {2}✓ /)
  })

  it('given a topic, then its mappings are tried', async () => {
    const named = { TOPIC_MAPPINGS: 'readings=weather,plain-sensor' }
    const { status, stdout } = await tryFile('e.json', PLAIN, ['--topic', 'readings'], named)
    assert.equal(status, 0)
    assert.match(stdout, /^e\.json:1 plain-sensor {2}✓ /)
  })

  const refused: [file: string, content: string, options: string[], message: RegExp][] = [
    ['f.json', `${PLAIN}\n{"a":`, NAMED, /1 of 2 records failed/],
    ['f.json', '', NAMED, /^f\.json: contains no record\n$/],
    ['f.json', PLAIN, ['--mapping', 'plain-senso'], /no mapping "plain-senso"\. Did you mean plain-sensor\?/],
    ['f.json', PLAIN, ['--mapping', 'x.yaml'], /^x\.yaml: there is no such file/],
    [
      'f.json',
      PLAIN,
      ['--topic', 'reading'],
      /The topic reading has no mappings\. Did you mean readings\? Specify one/,
    ],
    [
      'f.json',
      PLAIN,
      ['--topic', 'readings'],
      /^The topic readings has no mappings\. Specify one with --mapping/,
    ],
    ['f.json', PLAIN, [...NAMED, '--topic', 'readings'], /use only one of them/],
  ]
  for (const [file, content, options, message] of refused)
    it(`given ${content.slice(-12)} and ${options.join(' ')}, then it is refused`, async () => {
      const { status, stderr } = await tryFile(file, content, options)
      assert.match(stderr, message)
      assert.notEqual(status, 0)
    })

  it('given no such file, then its name is in the message', async () => {
    const { stderr } = await ran(['mappings', 'try', 'nowhere.json'], { folder })
    assert.equal(stderr, 'nowhere.json: there is no such file or folder\n')
  })
})
