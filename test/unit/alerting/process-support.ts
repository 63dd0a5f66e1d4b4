import { formatEntity, type Received } from '#runtime/consumer'
import type { CompletedStep, Emission } from '#runtime/test/support/inside'
import type { Alert } from '../../../lib/alerting/alert.ts'
import type { AlertingState } from '../../../lib/alerting/entity-state.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import type { ReadingData } from '../../../lib/telemetry/families.ts'
import { FAMILIES } from '../../support/families.ts'
import { createRule, ms, stored } from './support.ts'

export const DAY = Date.parse('2026-03-01T00:00:00Z')
let eventCount = 0

export function readingAt(
  at: string,
  data: ReadingData,
  family: string = 'environment',
): Received<ReadingData> {
  const named = { source: '/environment/oslo', subject: 'sensor-1' }
  eventCount += 1
  return {
    id: `r${eventCount}`,
    ...named,
    type: FAMILIES.get(family).type,
    timeMs: DAY + ms(at),
    entity: formatEntity(named),
    data,
  }
}

/** Steps over readings of temperature, the state going through the store in between. */
export function steps(
  rules: readonly Rule[],
  events: readonly Received<ReadingData>[],
  before?: AlertingState,
) {
  let state = before
  const process = alerting(FAMILIES, rules)
  return events.map(event => {
    const step = process.onEvent(state, event, process.context.initial) as CompletedStep<AlertingState>
    state = step.state && stored(step.state)
    return step
  })
}

export const temperatures = (...rows: [at: string, temperature: number][]) =>
  rows.map(([at, temperature]) => readingAt(at, { temperature }))
export const getAlert = (emission: Emission | undefined) => emission?.data as Alert
export const listAlerts = (made: readonly CompletedStep<AlertingState>[]) =>
  made.flatMap(({ emit }) => emit.map(getAlert))
export const HOT = createRule({
  fireAbove: 40,
  severity: 'critical',
  labels: { team: 'ops' },
  summary: '{{entity}} {{value}}',
})
