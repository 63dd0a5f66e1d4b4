import type { AlertingState } from '../../lib/alerting/entity-state.ts'
import { parseRules } from '../../lib/alerting/parse-rules.ts'
import { alerting } from '../../lib/alerting/process.ts'
import type { Rule } from '../../lib/alerting/rule.ts'
import type { RuleState } from '../../lib/alerting/rule-state.ts'
import { transition } from '../../lib/alerting/transition.ts'
import type { Received } from '../../lib/runtime/consumer/event.ts'
import { FAMILIES, type ReadingData } from '../../lib/telemetry/families.ts'

/** Takes so many readings, each of which all rules are held against. */
type Side = (readings: number) => void

const START_MS = Date.UTC(2026, 0, 1)

/** Values that cross the threshold now and then: one reading in a hundred is bad. */
const VALUES = Array.from({ length: 1000 }, (_, index) => (index % 100 === 99 ? 90 : 20 + (index % 37)))

/**
 * The same readings and rules for both sides.
 *
 * @param part the pure transition alone, or the whole step of the alerting process
 */
export function sides(
  part: 'decision' | 'process',
  rules: number,
  entities: number,
): { own: Side; plain: Side } {
  const all = rulesOf(rules)
  return {
    own: part === 'decision' ? decision(all, entities) : process(all, entities),
    plain: plain(all, entities),
  }
}

function rulesOf(count: number): readonly Rule[] {
  const rows = Array.from({ length: count }, (_, index) => ({
    ...{ name: `R${index}`, family: 'environment', metric: 'temperature', severity: 'info' },
    ...{ fireAbove: 80, clearBelow: 70, keepFiringFor: '1m', staleAfter: '5m' },
  }))
  const { rules, errors } = parseRules([{ where: 'the benchmark', content: { rules: rows } }])
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  return rules
}

function decision(rules: readonly Rule[], entities: number): Side {
  const states: (RuleState | undefined)[] = Array.from({ length: rules.length * entities })
  let timeMs = START_MS
  return readings => {
    for (let count = 0; count < readings; count += 1) {
      const first = (count % entities) * rules.length
      const value = VALUES[count % VALUES.length] as number
      timeMs += 1000
      for (let index = 0; index < rules.length; index += 1)
        states[first + index] = transition(rules[index] as Rule, states[first + index], {
          timeMs,
          value,
        }).state
    }
  }
}

function process(rules: readonly Rule[], entities: number): Side {
  const { onEvent, context } = alerting(rules)
  const states: (AlertingState | undefined)[] = Array.from({ length: entities })
  let timeMs = START_MS
  return readings => {
    for (let count = 0; count < readings; count += 1) {
      timeMs += 1000
      const entity = count % entities
      const step = onEvent(
        states[entity],
        readingOf(entity, timeMs, VALUES[count % VALUES.length] as number),
        context.initial,
      )
      if (step.kind === 'decided') states[entity] = step.state
    }
  }
}

function readingOf(entity: number, timeMs: number, temperature: number): Received<ReadingData> {
  const named = {
    source: '/environment/oslo',
    subject: `s-${entity}`,
    entity: `/environment/oslo s-${entity}`,
  }
  return { id: `${timeMs}`, ...named, type: FAMILIES.environment.type, timeMs, data: { temperature } }
}

/** What people write first: one flag for each rule and entity, and no time. */
function plain(rules: readonly Rule[], entities: number): Side {
  const thresholds = rules.map(({ condition }) => (condition.kind === 'limits' ? condition.fire.above : 0))
  const isFiring: boolean[] = Array.from({ length: rules.length * entities }, () => false)
  let changes = 0
  return readings => {
    for (let count = 0; count < readings; count += 1) {
      const first = (count % entities) * thresholds.length
      const value = VALUES[count % VALUES.length] as number
      for (let index = 0; index < thresholds.length; index += 1) {
        const isBad = value > (thresholds[index] as number)
        if (isBad === isFiring[first + index]) continue
        isFiring[first + index] = isBad
        changes += 1
      }
    }
    if (changes < 0) throw new Error('unreachable: keeps the loop from being optimised away')
  }
}
