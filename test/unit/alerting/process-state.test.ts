import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { completeStep } from '#runtime/test/support/inside'
import { firedAlert, type ResolvedAlert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { FAMILIES } from '../../support/families.ts'
import { DAY, getAlert, HOT, listAlerts, readingAt, steps, temperatures } from './process-support.ts'
import { above, createRule, ms } from './support.ts'

describe('what is remembered', () => {
  test('given nothing but good readings, then the last time of each metric that a rule looks at', () => {
    const rules = [
      HOT,
      createRule({ name: 'COLD', fireBelow: 0 }),
      createRule({ name: 'WET', metric: 'humidity', fireAbove: 90 }),
    ]
    const [step] = steps(rules, [readingAt('1m', { temperature: 20, humidity: 50, pressure: 1000 })])
    const time = DAY + ms('1m')
    assert.deepEqual(step?.state, { seen: { temperature: time, humidity: time }, rules: {} })
  })

  test('given a reading that no rule looks at, then nothing', () => {
    const [step] = steps([HOT], [readingAt('0s', { x: 1 }, 'device')])
    assert.deepEqual(step, completeStep('no-rule', undefined))
  })

  test('given metrics that come in events of their own, then each has its own lateness', () => {
    const rules = [HOT, createRule({ name: 'WET', metric: 'humidity', fireAbove: 90 })]
    const made = steps(rules, [
      readingAt('2m', { humidity: 50 }),
      readingAt('1m', { temperature: 41 }),
      readingAt('1m', { humidity: 95 }),
      readingAt('30s', { temperature: 20 }),
    ])
    assert.deepEqual(
      made.map(({ reason }) => reason),
      ['unchanged', 'fired', 'late', 'late'],
    )
    assert.deepEqual(made[3]?.state, made[1]?.state)
  })

  test('given good then bad at one instant, then the pending alert continues across the store', () => {
    const made = steps(
      [{ ...HOT, forMs: ms('2m') }],
      temperatures(['0s', 41], ['1m', 10], ['1m', 41], ['2m', 41]),
    )
    assert.deepEqual(
      made.map(({ reason }) => reason),
      ['pending', 'pending-ended', 'pending', 'fired'],
    )
  })

  test('given a value that is not a number, then it is not an observation', () => {
    const [, step] = steps(
      [HOT],
      [readingAt('0s', { temperature: 41 }), readingAt('1m', { temperature: Number.NaN })],
    )
    assert.deepEqual([step?.reason, step?.emit], ['no-rule', []])
  })
})

describe('the id of an alert', () => {
  test('given two events that differ in their source alone, then their alerts have ids of their own', () => {
    const event = { id: 'r', subject: 's-1', entity: 'one' }
    const [first, second] = ['/x', '/y'].map(
      source => firedAlert(HOT, { ...event, source }, { value: 41, activeAtMs: DAY, firedAtMs: DAY }).alertId,
    )
    assert.notEqual(first, second)
  })
})

describe('when rules change', () => {
  test('given a firing alert whose rule is removed, then the next reading resolves it, whatever it measures', () => {
    const [fired] = steps([HOT], temperatures(['1m', 41]))
    const [resolved, after] = steps(
      [],
      [readingAt('2m', { humidity: 3 }), readingAt('3m', { humidity: 3 })],
      fired?.state,
    )
    assert.equal(resolved?.reason, 'rule-removed')
    assert.deepEqual(resolved?.emit.map(getAlert), [
      {
        ...getAlert(fired?.emit[0]),
        status: 'resolved',
        endedAt: '2026-03-01T00:02:00.000Z',
        reason: 'rule-removed',
      },
    ])
    assert.equal(resolved?.emit[0]?.type, 'io.sluice.alert.resolved.v1')
    assert.equal(resolved?.state, undefined)
    assert.deepEqual(after?.emit, [])
  })

  test('given a late reading after the removal, then the alert does not end before it was last seen', () => {
    const [fired] = steps([HOT], temperatures(['1m', 41]))
    const made = steps([], temperatures(['30s', 41]), fired?.state)
    assert.equal((listAlerts(made)[0] as ResolvedAlert).endedAt, '2026-03-01T00:01:00.000Z')
  })

  test('given a rule that is renamed, then the old alert resolves and the new one fires, in one step', () => {
    const [fired] = steps([HOT], temperatures(['0s', 41]))
    const [step] = steps([{ ...HOT, name: 'HEAT' }], temperatures(['1m', 41]), fired?.state)
    assert.deepEqual(
      step?.emit.map(emission => [getAlert(emission).rule, getAlert(emission).status]),
      [
        ['HOT', 'resolved'],
        ['HEAT', 'firing'],
      ],
    )
    assert.equal(step?.reason, 'fired')
  })

  test('given a pending alert whose rule is removed, then it ends silently', () => {
    const [pending] = steps([{ ...HOT, forMs: 1 }], temperatures(['0s', 41]))
    const [step] = steps([], temperatures(['1m', 41]), pending?.state)
    assert.deepEqual(step, completeStep('pending-ended', undefined))
  })

  test('given a rule whose severity is edited under its alert, then the resolve has the severity of its fire', () => {
    const [fired] = steps([HOT], temperatures(['0s', 41]))
    const made = steps(
      [{ ...HOT, severity: 'info', condition: above(50) }],
      temperatures(['1m', 45]),
      fired?.state,
    )
    const [alert] = listAlerts(made)
    assert.deepEqual([alert?.status, alert?.severity, alert?.threshold], ['resolved', 'critical', 50])
  })

  test('given a rule whose metric is edited under its alert, then that alert ends with its rule', () => {
    const [fired] = steps([HOT], temperatures(['0s', 41]))
    const edited = { ...HOT, metric: 'humidity', condition: above(90) }
    const made = steps(
      [edited],
      [readingAt('1m', { humidity: 50 }), readingAt('2m', { humidity: 95 })],
      fired?.state,
    )
    assert.deepEqual(
      listAlerts(made).map(alert => [alert.status, alert.metric, alert.value]),
      [
        ['resolved', 'temperature', 41],
        ['firing', 'humidity', 95],
      ],
    )
    assert.equal((listAlerts(made)[0] as ResolvedAlert).reason, 'rule-removed')
  })

  test('given a pending rule whose metric is edited, then the new metric waits its own time', () => {
    const slow = { ...HOT, forMs: ms('2m') }
    const [pending] = steps([slow], temperatures(['0s', 41]))
    const edited = { ...slow, metric: 'humidity', condition: above(90) }
    const made = steps(
      [edited],
      [readingAt('2m', { humidity: 95 }), readingAt('4m', { humidity: 95 })],
      pending?.state,
    )
    assert.deepEqual(
      made.map(({ reason }) => reason),
      ['pending', 'fired'],
    )
  })

  // Promise config/families/README.md#when-a-family-changes
  test('given a metric whose unit changes, then what a rule remembers of it begins anew', () => {
    const rising = createRule({ name: 'RISING', changeOver: '1m', fireAbove: 5 })
    const made = steps([rising], temperatures(['0s', 20], ['1m', 21]))
    const before = made.at(-1)?.state
    const decide = (rule: typeof rising, state = before) =>
      steps([rule], temperatures(['2m', 295]), state)[0]?.reason
    assert.equal(decide(rising), 'fired')
    const former = Object.fromEntries(
      Object.entries(before?.history ?? {}).map(([key, own]) => [key.replace(' °C', ''), own]),
    )
    assert.equal(
      decide(rising, { ...before, history: former } as typeof before),
      'fired',
      'states of before have no unit',
    )
    assert.notEqual(decide({ ...rising, unit: 'K' }), 'fired')
  })

  test('given two rules with one identity, then there is no such process', () => {
    assert.throws(() => alerting(FAMILIES, [HOT, { ...HOT, forMs: 50 }]), /same name and labels/)
  })

  test('given rule names that objects have by nature, then they are names like others', () => {
    const rules = ['constructor', 'toString'].map(name => createRule({ name, fireAbove: 40 }))
    assert.equal(listAlerts(steps(rules, temperatures(['0s', 41], ['1m', 10]))).length, 4)
  })
})
