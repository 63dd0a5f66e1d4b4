import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-view-tests-'))
after(() => rmSync(folder, { recursive: true }))

const put = (file: string, text: string) => writeFileSync(join(folder, file), text)
const motion = (time: string, device: string, x: number) =>
  `      - { time: ${time}, type: io.sluice.device.motion.v1, source: /device/m, subject: ${device}, data: { deviceId: ${device}, model: m, activity: resting, x: ${x}, y: 0, z: 0 } }\n`

put(
  'counts.sql',
  `CREATE STREAM motions (device_id VARCHAR KEY, x DOUBLE) WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');
CREATE TABLE counts AS SELECT device_id, COUNT(*) AS readings, AVG(x) AS mean FROM motions
  WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 10 SECONDS) GROUP BY device_id;
`,
)
const head = `statements: counts.sql\ntests:\n  - name: a device\n    records:\n`
const records = motion('1s', 'a', 0.1) + motion('2s', 'a', 0.2) + motion('2m', 'a', 1) + motion('3s', 'a', 5)

describe('sluice views test', () => {
  it('given the tests of the tables that ship, then all hold', async () => {
    const { status, stdout } = await ran(['views', 'test', 'config/views/tests'], { folder: PROJECT })
    assert.equal(status, 0, stdout)
  })

  it('given windows that end, late rows and rounded numbers, then they are compared', async () => {
    put(
      'good.yaml',
      `${head}${records}    expect:
      - { table: counts, at: 65s, rows: [{ device_id: a, window: { start: 0s, final: false } }] }
      - { table: counts, at: 71s, rows: [{ readings: 2, window: { start: 0s, end: 1m, final: true } }] }
      - { table: counts, late: 1, rows: [{ mean: 0.15, window: { end: 1m } }, { mean: 1 }] }
`,
    )
    const { status, stdout } = await ran(['views', 'test', 'good.yaml'], { folder })
    assert.deepEqual([status, stdout], [0, 'ok    good.yaml:3  a device\n1 of 1 test in 1 file passed\n'])
  })

  it('given what does not hold, then missing and unexpected rows are shown', async () => {
    put(
      'wrong.yaml',
      `${head}${records}    expect:\n      - { table: counts, late: 0, rows: [{ device_id: a, readings: 3, window: { start: 0m } }, { mean: 1 }] }\n`,
    )
    const { status, stdout } = await ran(['views', 'test', '.', '--json'], { folder })
    assert.equal(status, 1)
    const { tests } = JSON.parse(stdout)
    assert.deepEqual(tests[1].differences, [
      {
        ...{ kind: 'rows', line: 10, table: 'counts' },
        missing: ['device_id "a", readings 3, window {"start":"0m"}'],
        unexpected: [
          `device_id "a", readings 2, mean ${(0.1 + 0.2) / 2}, window {"start":"0m","end":"1m","final":true}`,
        ],
      },
      { kind: 'late', line: 10, table: 'counts', expected: 0, actual: 1 },
    ])
    const { stdout: text } = await ran(['views', 'test', 'wrong.yaml'], { folder })
    assert.match(text, /^FAIL {2}wrong.yaml:3 {2}a device$/m)
    assert.match(text, /^ {8}- device_id "a", readings 3/m)
    assert.match(text, /^ {8}line 10: counts has 1 late rows, not 0$/m)
  })

  for (const [what, text, expected] of [
    [
      'an unknown column',
      'rows: [{ readigns: 3 }]',
      /:10:\d+ {2}.*counts has the columns device_id, readings, mean/,
    ],
    ['a time that is not one', 'at: soon, rows: []', /:10:\d+ {2}.*must be an offset/],
    ['an unknown key', 'latte: 1, rows: []', /unknown key/],
  ] as const)
    it(`given ${what}, then its line is named`, async () => {
      put('bad.yaml', `${head}${records}    expect:\n      - { table: counts, ${text} }\n`)
      const { status, stdout } = await ran(['views', 'test', 'bad.yaml'], { folder })
      assert.equal(status, 1)
      assert.match(stdout, expected)
    })

  it('given a statement with an error, then its own line is named', async () => {
    put('broken.sql', 'CREATE TABLE t AS\n  SELEC a FROM b GROUP BY a;\n')
    put(
      'broken.yaml',
      `${head.replace('counts.sql', 'broken.sql')}${records}    expect: [{ table: t, rows: [] }]\n`,
    )
    const { status, stdout } = await ran(['views', 'test', 'broken.yaml'], { folder })
    assert.equal(status, 1)
    assert.match(stdout, /^broken\.sql:2:3 {2}(?!.*broken\.sql)/m)
  })

  it('given an unknown table, then it is named', async () => {
    put('table.yaml', `${head}${records}    expect: [{ table: other, rows: [] }]\n`)
    const { stdout } = await ran(['views', 'test', 'table.yaml'], { folder })
    assert.match(stdout, /the statements have no table other/)
  })
})
