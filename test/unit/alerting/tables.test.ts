/** Rules over columns of tables. The timelines in `timelines/tables.yml` have their lives. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatEntity, instant, type Received } from '#runtime/consumer'
import type { CompletedStep } from '#runtime/test/support/inside'
import type { AlertingState } from '../../../lib/alerting/entity-state.ts'
import { parseRules } from '../../../lib/alerting/parse-rules.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { checkRules } from '../../../lib/alerting/rule-files.ts'
import { buildRuleSet, listRules } from '../../../lib/alerting/rule-set.ts'
import { parseRuleIdentity, rulesInForce } from '../../../lib/alerting/rules-in-force.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import {
  groupName,
  tableSource,
  VIEW_CHANGED_TYPE,
  type ViewChanged,
} from '../../../lib/views/event-names.ts'
import type { ColumnType, TablePlan } from '../../../lib/views/plan.ts'
import { FAMILIES } from '../../support/families.ts'
import { DAY, HOT, listAlerts, readingAt } from './process-support.ts'
import { createRule, ms, stored } from './support.ts'

const SHAKING_ROW = {
  family: undefined,
  metric: undefined,
  name: 'SHAKING',
  table: 'device_sensor_stats',
  column: 'std_x',
  fireAbove: 4,
  clearBelow: 3,
  summary: '{{entity}} shakes: {{value}}',
}
const tableRule = (keys: object) => {
  const all = Object.entries({ severity: 'info', ...SHAKING_ROW, ...keys })
  const row = Object.fromEntries(all.filter(([, value]) => value !== undefined))
  const { rules, errors } = parseRules(FAMILIES, { rules: [row] })
  assert.deepEqual(errors, [])
  return rules[0] as ReturnType<typeof createRule>
}
const SHAKING = tableRule({})

/** A change of a window of one minute, as the consumer `views` emits it some seconds after the window. */
function changeAt(end: string, std_x: number | null, more: Partial<ViewChanged> = {}): Received {
  const named = { source: tableSource('device_sensor_stats'), subject: groupName(['device-7']) }
  const endMs = DAY + ms(end)
  const data: ViewChanged = {
    ...{ table: 'device_sensor_stats', generation: '12345678', row: { device_id: 'device-7', std_x } },
    ...{ window: { start: instant(endMs - 60_000), end: instant(endMs) }, final: true },
    ...more,
  }
  assert.equal(schemaViolation(FAMILIES, VIEW_CHANGED_TYPE, stored(data)), undefined)
  const timeMs = endMs + 30_000
  return {
    id: `${end} ${more.revision}`,
    ...named,
    type: VIEW_CHANGED_TYPE,
    timeMs,
    entity: formatEntity(named),
    data,
  }
}

function decideAll(
  rules: Parameters<typeof alerting>[1],
  events: readonly Received[],
  before?: AlertingState,
) {
  const process = alerting(FAMILIES, rules)
  let state = before
  return events.map(event => {
    const step = process.onEvent(
      state,
      event as never,
      process.context.initial,
    ) as CompletedStep<AlertingState>
    state = step.state && stored(step.state)
    return step
  })
}

describe('changes of a table with windows', () => {
  test('given windows that close, then an alert fires and resolves at the ends of windows', () => {
    const made = decideAll(
      [SHAKING],
      [changeAt('1m', 2), changeAt('2m', 5), changeAt('3m', 3.5), changeAt('4m', 3)],
    )
    assert.deepEqual(
      made.map(({ reason }) => reason),
      ['unchanged', 'fired', 'unchanged', 'resolved'],
    )
    const [fired, resolved] = listAlerts(made)
    const { alertId: _, fingerprint: __, ...facts } = fired ?? assert.fail()
    assert.deepEqual(facts, {
      rule: 'SHAKING',
      severity: 'info',
      status: 'firing',
      labels: {},
      summary: 'device-7 shakes: 5',
      entity: { source: '/views/device_sensor_stats', subject: '["device-7"]' },
      family: 'device_sensor_stats',
      metric: 'std_x',
      value: 5,
      threshold: 4,
      activeAt: '2026-03-01T00:02:00.000Z',
      startedAt: '2026-03-01T00:02:00.000Z',
      reason: 'condition',
    })
    assert.equal(resolved?.status === 'resolved' && resolved.endedAt, '2026-03-01T00:04:00.000Z')
    for (const { emit } of made)
      for (const { type, data } of emit)
        assert.equal(schemaViolation(FAMILIES, type, stored(data)), undefined)
  })

  test('given a window that is open, then its row decides nothing', () => {
    const { final: _, ...open } = changeAt('2m', 50).data as ViewChanged
    const [first, second] = decideAll([SHAKING], [{ ...changeAt('2m', 50), data: open }, changeAt('2m', 5)])
    assert.deepEqual([first?.reason, first?.state, first?.emit], ['window-open', undefined, []])
    assert.equal(second?.reason, 'fired')
  })

  test('given revisions, then that of the newest window counts and that of an older one is late', () => {
    const made = decideAll(
      [SHAKING],
      [
        changeAt('1m', 2),
        changeAt('2m', 2),
        changeAt('1m', 9, { revision: 1 }),
        changeAt('2m', 9, { revision: 1 }),
      ],
    )
    assert.deepEqual(
      made.map(({ reason }) => reason),
      ['unchanged', 'unchanged', 'late', 'fired'],
    )
  })

  // Promise config/views/README.md#windows
  test('given a row that has ended, then its alert resolves, and an older revision fires no other', () => {
    const ended = { tombstone: true, row: { device_id: 'device-7', std_x: null } }
    const made = decideAll(
      [SHAKING],
      [
        changeAt('1m', 9),
        changeAt('2m', null, ended),
        changeAt('1m', 9, { revision: 1 }),
        changeAt('3m', null, ended),
      ],
    )
    assert.deepEqual(
      made.map(({ reason }) => reason),
      ['fired', 'not-matched', 'late', 'no-rule'],
    )
    const [, resolved] = listAlerts(made)
    assert.equal(resolved?.status === 'resolved' && resolved.endedAt, '2026-03-01T00:02:00.000Z')
  })

  test('given the end of a row that was not final, or of an older window, then the alert fires on', () => {
    const { final: _, ...open } = changeAt('2m', null, { tombstone: true }).data as ViewChanged
    const made = decideAll(
      [SHAKING],
      [changeAt('2m', 9), { ...changeAt('2m', null), data: open }, changeAt('1m', null, { tombstone: true })],
    )
    assert.deepEqual(listAlerts(made).length, 1)
  })

  test('given a table without windows, then the end of its row resolves the alert', () => {
    const { window: _, final: __, ...data } = changeAt('1m', 9).data as ViewChanged
    const ended = { ...data, row: { device_id: 'device-7', std_x: null }, tombstone: true }
    const made = decideAll(
      [SHAKING],
      [
        { ...changeAt('1m', 9), data },
        { ...changeAt('2m', 9), data: ended },
      ],
    )
    assert.deepEqual(
      listAlerts(made).map(({ status }) => status),
      ['firing', 'resolved'],
    )
  })

  test('given a null or another table, then no rule decides', () => {
    const other = { ...changeAt('1m', 9), source: tableSource('others') }
    const made = decideAll([SHAKING, HOT], [other, changeAt('2m', null), readingAt('3m', { std_x: 9 })])
    assert.deepEqual(
      made.map(({ reason, state }) => [reason, state]),
      [
        ['no-rule', undefined],
        ['no-rule', undefined],
        ['no-rule', undefined],
      ],
    )
  })

  test('given a table without windows, then a change counts at its own time', () => {
    const { window: _, final: __, ...data } = changeAt('1m', 9).data as ViewChanged
    const [alert] = listAlerts(decideAll([SHAKING], [{ ...changeAt('1m', 9), data }]))
    assert.equal(alert?.startedAt, '2026-03-01T00:01:30.000Z')
  })

  test('given a column with the name of a metric, then a rule over readings does not await its silence', () => {
    const silent = { staleAfter: '5m', onSilence: 'alert' }
    const column = tableRule({
      name: 'COLUMN',
      column: 'temperature',
      fireBelow: 0,
      fireAbove: undefined,
      clearBelow: undefined,
    })
    const [step] = decideAll([column], [changeAt('1m', 1, { row: { temperature: 20 } })])
    const rules = rulesInForce([
      column,
      createRule({ fireAbove: 40, ...silent }),
      tableRule({ name: 'NEW', column: 'temperature', ...silent }),
    ])
    const { source, subject = '', entity } = changeAt('1m', 1)
    const timer = { name: 'look', dueMs: DAY + ms('2h'), source, subject, entity }
    const looked = alerting(FAMILIES, []).onTimer?.(
      step?.state as AlertingState,
      timer,
      rules,
    ) as CompletedStep<AlertingState>
    assert.deepEqual(Object.keys(looked.state?.rules ?? {}), ['NEW /views/device_sensor_stats.temperature'])
    assert.equal(parseRuleIdentity('NEW{a="b"} /views/device_sensor_stats.temperature change'), 'NEW{a="b"}')
  })
})

test('given rules over tables, when they went through an event, then the same rules are read back', () => {
  const rules = [
    SHAKING,
    tableRule({ name: 'WITH', match: { columns: { device_id: ['a', 'b'], site: 'oslo' } } }),
  ]
  const data = stored(buildRuleSet(rules))
  assert.equal(schemaViolation(FAMILIES, 'io.sluice.rules.activated.v1', data), undefined)
  assert.deepEqual(listRules(FAMILIES, data), { rules: rules.toSorted((a, b) => (a.name < b.name ? -1 : 1)) })
  assert.equal(rules[0]?.family, undefined)
})

const column = (name: string, type: ColumnType) => ({
  ...{ name, type, value: { kind: 'literal', value: null } as const },
})
const TABLES: readonly TablePlan[] = [
  {
    ...{ name: 'device_sensor_stats', generation: '1', statement: '', signal: 'readings', group: [] },
    ...{ aggregates: [] },
    columns: [column('device_id', 'VARCHAR'), column('avg_x', 'DOUBLE'), column('std_x', 'DOUBLE')],
  },
]

/** The errors of the rule with some keys changed, as `key: message`. */
function listErrors(changes: object, tables?: readonly TablePlan[]): string[] {
  const all = Object.entries({ severity: 'info', ...SHAKING_ROW, ...changes })
  const row = Object.fromEntries(all.filter(([, value]) => value !== undefined))
  const text = JSON.stringify({ rules: [row] })
  const { errors } = checkRules(FAMILIES, [{ file: 'a.yaml', text }], tables)
  return errors.map(({ key, message }) => `${key?.replace(/^\w+\./, '')}: ${message}`)
}

const NOT_WITH =
  'does not belong here. A rule with pattern has its events and times in the pattern. A rule with table and column watches numbers without a unit instead of readings.'

describe('a wrong rule over a table', () => {
  for (const [name, changes, expected] of [
    ['a family as well', { family: 'device' }, [`family: ${NOT_WITH}`]],
    [
      'a metric instead of the column',
      { metric: 'x', column: undefined },
      [`metric: ${NOT_WITH}`, 'table: needs column as well'],
    ],
    ['no column', { column: undefined }, ['table: needs column as well']],
    ['no table', { table: undefined }, ['column: needs table as well']],
    ['a unit', { unit: 'm/s²' }, [`unit: ${NOT_WITH}`]],
    ['texts', { fireEquals: 'a', fireAbove: undefined, clearBelow: undefined }, [`fireEquals: ${NOT_WITH}`]],
    [
      'a quoted name',
      { table: 'a b' },
      [
        'table: has the wrong form. Table that the rule watches, instead of readings: a name of letters, digits and _. The rule is evaluated for each row.',
      ],
    ],
    [
      'a match of readings',
      { match: { entity: 'device-7' } },
      ['match.entity: rows of a table are matched by their columns, such as { columns: { COLUMN: TEXT } }'],
    ],
    [
      'a match of columns without a table',
      { family: 'device', metric: 'x', table: undefined, column: undefined, match: { columns: { a: 'b' } } },
      ['match.columns: readings of device have no columns: the rule would never fire'],
    ],
  ] as const)
    test(`given ${name}, then it is refused`, () => assert.deepEqual(listErrors(changes), expected))

  for (const [name, changes, expected] of [
    ['a known table and column', {}, []],
    [
      'an unknown table',
      { table: 'device_sensor_stat' },
      ['table: unknown table. Did you mean device_sensor_stats?'],
    ],
    [
      'an unknown column',
      { column: 'std_y' },
      ['column: unknown column of device_sensor_stats. Did you mean std_x?'],
    ],
    [
      'a column of texts',
      { column: 'device_id' },
      ['column: device_id is VARCHAR, and not a number. Use avg_x, std_x'],
    ],
  ] as const)
    test(`given the plan and ${name}, then it is looked up`, () =>
      assert.deepEqual(listErrors(changes, TABLES), expected))
})
