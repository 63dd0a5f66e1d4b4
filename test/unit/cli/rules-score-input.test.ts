import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { RuleLog } from '../../../lib/operations/rule-log/rule-log.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-score-input-'))
after(() => rmSync(folder, { recursive: true }))
const put = (file: string, text: string) => writeFileSync(join(folder, file), text)

const RULES =
  'rules:\n  - { name: HOT, family: environment, metric: temperature, fireAbove: 30, severity: info }\n'
const LINE = (minute: number, data: object) =>
  JSON.stringify({
    ...{ specversion: '1.0', id: `r${minute}`, source: '/environment/oslo', subject: 's1' },
    ...{ type: 'io.sluice.environment.reading.v1', time: `2026-01-01T00:0${minute}:00Z` },
    data: { sensorId: 's1', location: { site: 'oslo', latitude: 0, longitude: 0 }, ...data },
  })
put('rules.yaml', RULES)
put('readings.jsonl', `${LINE(0, { temperature: 20 })}\n${LINE(1, { temperature: 35 })}\n`)
put('labels.json', '[{ "entity": "s1", "from": "2026-01-01T00:01:00Z", "to": "2026-01-01T00:02:00Z" }]\n')

function scored(
  given: { readings?: string; labels?: string; rules?: string; more?: readonly string[] } = {},
) {
  const { readings = 'readings.jsonl', labels = 'labels.json', rules = 'rules.yaml', more = [] } = given
  return ran(['rules', 'score', readings, '--labels', labels, '--rules', rules, ...more], { folder })
}

describe('the labels of sluice rules score', () => {
  it('given wrong labels, then each fault is named with line and key, and the exit status is 1', async () => {
    put(
      'wrong.json',
      `[
  { "entity": "s1", "from": "2026-01-01T00:00:00Z", "to": "2026-01-01" },
  { "entity": "s1", "from": "2026-01-01T00:00:00Z", "kind": 3 },
  { "entity": "", "metric": "temperature", "since": 1,
    "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z" },
  "s1"
]
`,
    )
    const { status, stdout, stderr } = await scored({ labels: 'wrong.json' })
    assert.deepEqual([status, stdout], [1, ''])
    assert.deepEqual(
      stderr.trim().split('\n').sort(),
      [
        'wrong.json:2:53  [0].to: must be a date-time of RFC 3339, such as 2026-01-31T13:45:00Z',
        'wrong.json:3:3  [1].to: is missing',
        'wrong.json:3:53  [1].kind: must be a text',
        'wrong.json:4:5  [2].entity: must not be empty',
        'wrong.json:4:44  [2].since: unknown key',
        'wrong.json:6:3  [3]: must be a label: an object with entity, from and to',
      ].sort(),
    )
  })

  it('given labels that the schema cannot refuse, then those are named as well', async () => {
    put(
      'wrong.json',
      `[
  { "entity": "s1", "metric": "heat", "from": "2026-02-30T00:00:00Z", "to": "2026-03-01T00:00:00Z" },
  { "entity": "s1", "from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z" }
]
`,
    )
    const { status, stderr } = await scored({ labels: 'wrong.json' })
    assert.equal(status, 1)
    assert.equal(
      stderr,
      `wrong.json:2:21  [0].metric: unknown metric heat
wrong.json:2:39  [0].from: is not an existing date and time
wrong.json:3:53  [1].to: is before the start of the window
`,
    )
  })

  for (const [what, text, said] of [
    ['no JSON', '[{]', /^wrong\.json: not JSON: .*\n$/],
    ['neither a list nor windows', '3', /^wrong\.json:1:1 {2}must be a list of labels, or an object with/],
    [
      'a window of one timestamp',
      '{ "a.csv": [["2014-04-12 22:32:00"]] }',
      /1:13 {2}a\.csv\[0\]: must be a w/,
    ],
    [
      'a timestamp of no form',
      '{ "a.csv": [["x", "2014-04-12 22:32:00"]] }',
      /a\.csv\[0\]\[0\]: is not an existing/,
    ],
    [
      'labels of another recording',
      '{ "a.csv": [["2014-04-12", "2014-04-13"]] }',
      /first is of a, and .* s1\n$/,
    ],
  ] as const)
    it(`given ${what}, then it is refused and said why`, async () => {
      put('wrong.json', text)
      const { status, stderr } = await scored({ labels: 'wrong.json' })
      assert.equal(status, 1)
      assert.match(stderr, said)
    })

  it('given windows in the form of NAB, then the entity is the name of the file, in the zone that is given', async () => {
    put(
      'windows.json',
      '{ "realKnownCause/s1.csv": [["2026-01-01 01:01:00.000000", "2026-01-01 01:01:30"]] }',
    )
    const { status, stdout } = await scored({
      labels: 'windows.json',
      more: ['--utc-offset', '+01:00', '--json'],
    })
    const { total, found } = JSON.parse(stdout)
    assert.deepEqual([status, total.windows, total.found], [0, 1, 1])
    assert.deepEqual([found[0].entity, found[0].from], ['s1', '2026-01-01T00:01:00.000Z'])
  })
})

describe('the recording of sluice rules score', () => {
  for (const [what, text, said] of [
    ['a line that is not an event', '{}\n', /^bad\.jsonl:1: not a CloudEvent: /],
    [
      'no reading',
      '{"specversion":"1.0","id":"1","source":"/a","type":"t"}\n',
      /has no readings, so there is noth/,
    ],
    [
      'a reading that its schema refuses',
      `${LINE(0, { temperature: 1 })}\n${LINE(1, {})}\n`,
      /^bad\.jsonl:2: refused: schema-violated: /,
    ],
    [
      'a reading without time',
      LINE(0, { temperature: 1 }).replace(/"time":"[^"]*",/, ''),
      /^bad\.jsonl:1: a reading without a time/,
    ],
    [
      'readings that no rule watches',
      LINE(0, { humidity: 1 }),
      /^bad\.jsonl: no rule matches a reading of the recording/,
    ],
  ] as const)
    it(`given ${what}, then it is refused with its place`, async () => {
      put('bad.jsonl', text)
      const { status, stdout, stderr } = await scored({ readings: 'bad.jsonl' })
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, said)
    })

  it('given a time that is decades away, then its line is named, instead of a clock that ticks for hours', async () => {
    const far = LINE(1, { temperature: 1 }).replace('2026-01-01', '2126-01-01')
    put('bad.jsonl', `${LINE(0, { temperature: 1 })}\n${far}\n`)
    const { status, stderr } = await scored({ readings: 'bad.jsonl' })
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^bad\.jsonl:2: this reading is more than ten years after the first one, of line 1: /,
    )
  })

  it('given Ctrl-C before or while the alerting function reads it, then it ends without a score', async () => {
    const args = ['rules', 'score', 'readings.jsonl', '--labels', 'labels.json', '--rules', 'rules.yaml']
    const { status, stdout, stderr } = await ran(args, { folder, stop: AbortSignal.abort() })
    assert.deepEqual([status, stdout, stderr], [130, '', ''])
    const controller = new AbortController()
    function* arrivals() {
      yield { arrivedMs: 10_000 * 60_000, event: tick(0, '2026-01-01T00:00:00Z') }
      assert.fail('read on')
    }
    const log = new RuleLog({ startMs: 0 })
    const replayed = log.replay(arrivals(), controller.signal)
    controller.abort()
    await assert.rejects(replayed, { name: 'AbortError' })
  })

  it('given files that are not there, or rules with errors, then they are named', async () => {
    put('bad.yaml', RULES.replace('fireAbove', 'fireOver'))
    for (const [given, said] of [
      [{ readings: 'no.jsonl' }, /^no\.jsonl: there is no such file/],
      [{ labels: 'no.json' }, /^no\.json: there is no such file/],
      [{ rules: 'no.yaml' }, /^no\.yaml: there is no such file/],
      [{ rules: 'bad.yaml' }, /^bad\.yaml:2:60 {2}HOT\.fireOver: /m],
    ] as const) {
      const { status, stderr } = await scored(given)
      assert.equal(status, 1)
      assert.match(stderr, said)
    }
  })

  it('given no --labels, then the usage is wrong', async () => {
    const { status, stderr } = await ran(['rules', 'score', 'readings.jsonl'], { folder })
    assert.equal(status, 2)
    assert.match(stderr, /required option '--labels <file>' not specified/)
  })
})

describe('records of other forms', () => {
  const plain = (minute: number, temperature: unknown, time = true) =>
    JSON.stringify({
      ...{ sensor_id: 's1', temperature },
      ...(time ? { time: `2026-01-01T00:0${minute}:00Z` } : {}),
    })
  const recorded = (minute: number, value: string) =>
    JSON.stringify({
      ...{ topic: 'sluice.telemetry.readings.prod', partition: 0, offset: minute, key: null, headers: [] },
      ...{ timestamp: Date.parse('2026-01-01T00:00:00Z') + minute * 60_000, value: { text: value } },
    })
  put('plain.jsonl', `${plain(0, 20)}\n${plain(1, 35)}\n`)
  put(
    'recorded.jsonl',
    `${recorded(0, plain(0, 20, false))}\n${recorded(1, plain(1, 35, false))}\n${recorded(2, '{}')}\n`,
  )
  const NAMED = ['--mapping', 'plain-sensor', '--json']

  it('given a recording and --mapping, then its readings are scored, and the rest is counted', async () => {
    const { status, stdout, stderr } = await scored({ readings: 'recorded.jsonl', more: NAMED })
    assert.deepEqual([status, stderr], [0, ''])
    const { total, recording } = JSON.parse(stdout)
    assert.deepEqual([recording.readings, recording.others, total.windows, total.found], [2, 1, 1, 1])
  })

  it('given mappings of its topic, then those count, and a reading has the time of its record', async () => {
    const environment = { TOPIC_MAPPINGS: 'readings=plain-sensor' }
    const { status, stdout } = await ran(
      ['rules', 'score', 'recorded.jsonl', '--labels', 'labels.json', '--rules', 'rules.yaml', '--json'],
      { folder, environment },
    )
    assert.equal(status, 0)
    const { total, recording } = JSON.parse(stdout)
    assert.deepEqual([recording.readings, total.found], [2, 1])
  })

  it('given no mapping, then a recording leads to one; plain JSON is no recording', async () => {
    const { stderr } = await scored({ readings: 'recorded.jsonl' })
    assert.match(stderr, /^recorded\.jsonl: has no readings, .*; --mapping reads records of other forms\n$/)
    assert.match((await scored({ readings: 'plain.jsonl' })).stderr, /^plain\.jsonl:1: not a CloudEvent/)
  })
})
