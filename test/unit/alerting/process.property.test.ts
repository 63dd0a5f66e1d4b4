import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Received } from '#runtime/consumer'
import type { CompletedStep } from '#runtime/test/support/inside'
import type { Alert } from '../../../lib/alerting/alert.ts'
import type { AlertingState } from '../../../lib/alerting/entity-state.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import type { RuleState } from '../../../lib/alerting/rule-state.ts'
import { transition } from '../../../lib/alerting/transition.ts'
import type { ReadingData } from '../../../lib/telemetry/families.ts'
import { FAMILIES } from '../../support/families.ts'
import { createRule, stored } from './support.ts'

const RULES = [
  createRule({ name: 'NOW', fireAbove: 50 }),
  createRule({ name: 'LATER', fireAbove: 50, clearBelow: 40, for: '1m', staleAfter: '2m' }),
  createRule({ name: 'KEPT', fireBelow: 50, clearAbove: 60, keepFiringFor: '1m' }),
  createRule({ name: 'WET', metric: 'humidity', fireAbove: 50, for: '30s' }),
]

const value = fc.option(fc.constantFrom(30, 40, 45, 50, 55, 60, 70), { nil: undefined })
const step = fc.constantFrom(0, 0, 30_000, 60_000, 150_000, -30_000)
const series = fc
  .array(fc.record({ step, temperature: value, humidity: value }), { maxLength: 30 })
  .map(rows => {
    let timeMs = 1_000_000_000_000
    return rows.map(({ step, ...data }, index): Received<ReadingData> => {
      timeMs += step
      const type = 'io.sluice.environment.reading.v1'
      return {
        id: `${index}`,
        source: '/environment/oslo',
        subject: 's',
        entity: '/environment/oslo s',
        type,
        timeMs,
        data,
      }
    })
  })

function runProcess(events: readonly Received<ReadingData>[], keep: (state: AlertingState) => AlertingState) {
  const process = alerting(FAMILIES, RULES)
  let state: AlertingState | undefined
  return events.map(event => {
    const made = process.onEvent(state, event, process.context.initial) as CompletedStep<AlertingState>
    state = made.state && keep(made.state)
    return made
  })
}

test('the compact state decides as the whole state of every rule would', () => {
  fc.assert(
    fc.property(series, events => {
      const states = new Map<string, RuleState>()
      const expected = events.flatMap(({ id, timeMs, data }) =>
        RULES.flatMap(rule => {
          const value = data?.[rule.metric]
          if (typeof value !== 'number') return []
          const made = transition(rule, states.get(rule.name), { timeMs, value })
          states.set(rule.name, made.state)
          return made.change === undefined ? [] : [`${id} ${rule.name} ${made.change}`]
        }),
      )
      const actual = runProcess(events, stored).flatMap(({ emit }, index) =>
        emit.map(
          ({ type, data }) =>
            `${index} ${(data as Alert).rule} ${type.includes('fired') ? 'fired' : 'resolved'}`,
        ),
      )
      assert.deepEqual(actual, expected)
    }),
  )
})

test('storing the state anywhere changes nothing', () => {
  fc.assert(
    fc.property(series, events => {
      assert.deepEqual(
        runProcess(events, stored),
        runProcess(events, state => state),
      )
    }),
  )
})

test('each alert id fires once and resolves at most once, and no two emissions of a step share a name', () => {
  fc.assert(
    fc.property(series, events => {
      const told = new Map<string, string[]>()
      for (const { emit } of runProcess(events, stored)) {
        assert.equal(new Set(emit.map(({ name }) => name)).size, emit.length)
        for (const { data } of emit) {
          const { alertId, status } = data as Alert
          told.set(alertId, [...(told.get(alertId) ?? []), status])
        }
      }
      for (const statuses of told.values()) {
        assert.deepEqual(statuses, ['firing', 'resolved'].slice(0, statuses.length))
      }
    }),
  )
})
