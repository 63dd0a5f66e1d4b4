import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-rule-tests-'))
after(() => rmSync(folder, { recursive: true }))

function put(file: string, text: string): void {
  mkdirSync(join(folder, file, '..'), { recursive: true })
  writeFileSync(join(folder, file), text)
}

const RULE =
  '{ name: R, family: environment, metric: temperature, fireAbove: 50, for: 2m, severity: warning }'
const HEAD = `rules:
  - ${RULE}
tests:
  - name: one good sample resets
    entity: s1
    observations:
      - { at: 0m, metric: temperature, value: 75 }
      - { at: 1m, metric: temperature, value: 10 }
      - { at: 2m, tick: true }
      - { at: 3m, rules: rules/changed.yaml }
      - { at: 4m, metric: temperature, value: 75 }
`
put('rules/changed.yaml', `rules:\n  - ${RULE.replace(' for: 2m,', '')}\n`)
put(
  'good.yml',
  `${HEAD}    expect:
      - { after: 1, rule: R, state: pending }
      - { after: 2, rule: R, entity: s1, state: inactive }
      - { after: 4, rule: R, state: inactive }
    notifications:
      - { at: 4m, rule: R, kind: fired, value: 75 }
`,
)
put(
  'wrong.yml',
  `${HEAD}    expect:
      - { after: 2, rule: R, state: firing }
    notifications: []
`,
)

describe('sluice rules test', () => {
  for (const [what, args, count] of [
    ['the tests of the rules that ship', ['config/rules/tests'], 13],
    ['the timelines of an alert', ['test/unit/alerting/timelines'], 65],
    ['files and folders together', ['config/rules/tests/weather.yml', 'config/rules/tests'], 20],
  ] as const)
    it(`given ${what}, then all hold`, async () => {
      const { status, stdout } = await ran(['rules', 'test', ...args], { folder: PROJECT })
      assert.equal(status, 0, stdout)
      assert.match(stdout, new RegExp(`^${count} of ${count} tests in \\d files? passed$`, 'm'))
    })

  it('given rules in the file and rules that change, then states and notifications are compared', async () => {
    const { status, stdout } = await ran(['rules', 'test', 'good.yml'], { folder })
    assert.deepEqual(
      [status, stdout],
      [0, 'ok    good.yml:4  one good sample resets\n1 of 1 test in 1 file passed\n'],
    )
  })

  it('given what does not hold, then it says where, what was expected and what came', async () => {
    const { status, stdout, stderr } = await ran(['rules', 'test', 'wrong.yml', 'good.yml'], { folder })
    assert.equal(status, 1)
    assert.equal(
      stdout,
      `FAIL  wrong.yml:4  one good sample resets
        line 13: after observation 2, R of s1 is inactive, not firing
        notifications differ (- expected, + sent):
        + 4m R fired, entity s1
ok    good.yml:4  one good sample resets
1 of 2 tests in 2 files passed
`,
    )
    assert.equal(stderr, '1 of 2 tests failed.\n')
  })

  it('given --json, then results and differences are one document', async () => {
    const { status, stdout } = await ran(['rules', 'test', 'wrong.yml', '--json'], { folder })
    const { tests, ...report } = JSON.parse(stdout)
    assert.deepEqual([status, report], [1, { files: ['wrong.yml'], passed: 0, failed: 1, faults: [] }])
    assert.deepEqual(tests[0].differences, [
      {
        ...{ kind: 'state', line: 13, after: 2, rule: 'R', entity: 's1' },
        ...{ expected: 'firing', actual: 'inactive' },
      },
      {
        ...{ kind: 'notifications', line: 4, expected: [] },
        actual: [{ at: '4m', rule: 'R', kind: 'fired', entity: 's1' }],
      },
    ])
  })

  it('given an id that comes again, then it is the same reading, and is dropped', async () => {
    const times = [0, 1].map(at => `      - { at: ${at}m, id: a, metric: temperature, value: 75 }\n`).join('')
    const text = `rules: [${RULE}]\ntests:\n  - name: twice\n    observations:\n${times}`
    put(
      'twice.yml',
      `${text}      - { at: 1m30s, metric: temperature, value: 75 }\n    expect: [{ after: 3, rule: R, state: pending }]\n`,
    )
    put(
      'late.yml',
      `${text}    notifications: []\n`.replace('at: 1m', 'at: 5m').replace('for: 2m', 'for: 5m'),
    )
    const { status, stdout } = await ran(['rules', 'test', 'twice.yml', 'late.yml'], { folder })
    assert.equal(status, 0, stdout)
  })

  it('given a folder without tests, or none, then it is refused', async () => {
    put('none/README.md', '')
    for (const [name, said] of [
      ['none', 'none: the folder has no *.yml file, so it has no tests\n'],
      ['nowhere.yml', 'nowhere.yml: there is no such file or folder\n'],
    ] as const)
      assert.deepEqual(await ran(['rules', 'test', name], { folder }), {
        status: 1,
        stdout: '',
        stderr: said,
      })
  })
})

describe('a fault in a file of rule tests', () => {
  const faulty: [what: string, change: (text: string) => string, ...faults: RegExp[]][] = [
    ['no YAML', () => 'rules: [', /:1:\d+ {2}not YAML/],
    ['another document', () => '3', /:1:1 {2}must be object/],
    ['an unknown key', text => text.replace('entity:', 'entitty:'), /:5:5 {2}tests\.0\.entitty: unknown key/],
    ['an offset without unit', text => text.replace('at: 1m', 'at: 60'), /:8:11 .*\.at: must be an offset/],
    [
      'an unknown metric',
      text => text.replace('temperature, value: 10', 'heat, value: 1'),
      /:8:19 .* unknown metric heat/,
    ],
    [
      'a text for a number',
      text => text.replace('value: 10', 'value: "10"'),
      /:8:40 .*temperature is a number/,
    ],
    [
      'an id of two readings',
      text => text.replace('1m, m', '1m, id: a, m').replace('0m, m', '0m, id: a, m'),
      /:8:19 .*\.id: is already the id of observation 1, which is another event/,
    ],
    [
      'keys that the family has no place for',
      text => text.replace('value: 10', 'value: 10, databaseType: mysql, model: m, site: oslo, tenant: t'),
      /:8:51 .*\.databaseType: readings of the family environment have none/,
      /:8:72 .*\.model: readings/,
    ],
    [
      'keys of a reading without one',
      text =>
        text
          .replace('tick: true', 'tick: true, entity: s1')
          .replace('changed.yaml', 'changed.yaml, tags: {}'),
      /:9:31 .*\.entity: belongs to a reading/,
      /:10:46 .*\.tags: belongs to a reading/,
    ],
    [
      'an offset of years',
      text => text.replace('at: 2m', 'at: 32d').replace('at: 3m', 'at: 99999999999999999d'),
      /:9:11 .*\.at: must be at most 31d from the start/,
      /:10:11 .*\.at: must be at most 31d/,
    ],
    [
      'a notification in years',
      text => `${text}    notifications: [{ at: 1000d, rule: R, kind: fired }]\n`,
      /:16:23 .*notifications\.0\.at: must be at most 31d/,
    ],
    ['nothing that happens', text => text.replace(', tick: true', ''), /:9:9 .*give exactly one of/],
    [
      'no file of rules',
      text => text.replace('changed', 'lost'),
      /:10:19 .*rules\/lost\.yaml: there is no such/,
    ],
    ['nothing expected', text => text.replace(/ {4}expect:[\s\S]*/, ''), /:4:5 .*otherwise it tests nothing/],
    ['an unknown rule', text => text.replace('1, rule: R', '1, rule: S'), /:13:21 .*unknown rule S/],
    [
      'a place too far',
      text => text.replace('after: 4', 'after: 6'),
      /:15:11 .*there are only 5 observations/,
    ],
    [
      'an unknown entity',
      text => text.replace('entity: s1, state', 'entity: s2, state'),
      /:14:30 .*is of s2/,
    ],
    ['an unknown state', text => text.replace('pending', 'waiting'), /:13:30 .*one of inactive, pending/],
    [
      'faults of rules beside others',
      text => text.replace('50,', '50, clearBelow: 51, colour: red,').replace('tick: true', 'tick: 1'),
      /:2:73 {2}R\.clearBelow: must be at most fireAbove, 50/,
      /:2:89 {2}R\.colour: unknown key/,
      /:9:19 .*tick: must be true/,
    ],
  ]
  const good = `${HEAD}    expect:
      - { after: 1, rule: R, state: pending }
      - { after: 2, rule: R, entity: s1, state: inactive }
      - { after: 4, rule: R, state: inactive }
`
  for (const [what, change, ...faults] of faulty)
    it(`given ${what}, then it is named with its line`, async () => {
      put('faulty.yml', change(good))
      const { status, stdout, stderr } = await ran(['rules', 'test', 'faulty.yml'], { folder })
      const lines = stdout.trim().split('\n').slice(0, -1)
      assert.equal(status, 1)
      assert.equal(lines.length, faults.length, stdout)
      for (const [index, fault] of faults.entries()) assert.match(lines[index] ?? '', fault)
      assert.match(stderr, /^\d faults? in the test files\.$/m)
    })
})

describe('a test of rules over several events', () => {
  const text = `rules:
  - { name: P, severity: info, pattern: { count: 2, of: { event: instance.restarted }, within: 1h, per: tenant } }
tests:
  - name: two of one tenant
    observations:
      - { at: 0m, event: instance.restarted, entity: db1, tenant: a }
      - { at: 1m, event: instance.restarted, entity: db2, tenant: b }
      - { at: 2m, event: instance.restarted, entity: db2, tenant: a }
    expect:
      - { after: 3, rule: P, entity: a, state: firing }
    notifications:
      - { at: 2m, rule: P, entity: a, kind: fired }
`
  const run = async (changed: string) => {
    put('patterns.yml', changed)
    return ran(['rules', 'test', 'patterns.yml'], { folder })
  }

  it('given what holds, then it passes; given another state or group, then it says so', async () => {
    assert.equal((await run(text)).status, 0)
    const { status, stdout } = await run(text.replace('entity: a, state: firing', 'entity: b, state: firing'))
    assert.equal(status, 1)
    assert.match(stdout, /line 10: after observation 3, P of b is pending, not firing/)
  })

  const FIRST = '{ at: 0m, event: instance.restarted, entity: db1, tenant: a }'
  const SECOND = '{ at: 1m, event: instance.restarted, entity: db2, tenant: b }'
  const named = (row: string, id: string) => row.replace('}', `, id: ${id} }`)

  it('given an event that is sent again, then it is dropped', async () => {
    const again = (id: string) =>
      run(text.replace(FIRST, named(FIRST, 'x')).replace(SECOND, named(FIRST.replace('0m', '1m'), id)))
    const { status, stdout } = await again('x')
    assert.equal(status, 0, stdout)
    assert.equal((await again('y')).status, 1, 'with another id, it counts')
  })

  for (const [what, from, to, fault] of [
    [
      'an unknown event',
      'instance.restarted, entity: db1',
      'instance.stopped, entity: db1',
      /:6:19 .*one of/,
    ],
    ['an event beside a metric', 'tenant: a }', 'metric: x, value: 1 }', /:6:9 .*give exactly one of/],
    ['an unknown group', 'entity: a, state', 'entity: db1, state', /:10:30 .*no observation is of db1/],
    ['no group', ' entity: a, state', ' state', /:10:9 .*specify the group as entity: the test has a, b/],
    [
      'the id of another event',
      `${FIRST}\n      - ${SECOND}`,
      `${named(FIRST, 'x')}\n      - ${named(SECOND, 'x')}`,
      /:7:\d+ .*\.id: is already the id of observation 1, which is another event/,
    ],
    ['a group that is not notified', 'entity: a, kind', 'entity: c, kind', /:12:28 .*no observation is of c/],
  ] as const)
    it(`given ${what}, then it is named with its line`, async () => {
      assert.ok(text.includes(from))
      const { status, stdout } = await run(text.replace(from, to))
      assert.equal(status, 1)
      assert.match(stdout, fault)
    })
})
