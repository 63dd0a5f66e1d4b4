import type { Received } from '#runtime/consumer/event.ts'
import type { AlertingState } from '../../lib/alerting/entity-state.ts'
import { alerting } from '../../lib/alerting/process.ts'
import type { Rule } from '../../lib/alerting/rule.ts'
import type { RuleState } from '../../lib/alerting/rule-state.ts'
import { transition } from '../../lib/alerting/transition.ts'
import type { ReadingData } from '../../lib/telemetry/families.ts'
import { families } from '../kit/vocabulary.ts'
import { createRules, type Kind, STALE_AFTER_MS } from './rules.ts'

/** Takes so many readings, each of which all rules are held against. */
export type Side = (readings: number) => void

const START_MS = Date.UTC(2026, 0, 1)

/** Values that cross the threshold now and then: one reading in a hundred is bad. */
const VALUES = Array.from({ length: 1000 }, (_, index) => (index % 100 === 99 ? 90 : 20 + (index % 37)))
/** One reading in so many comes after a silence that fires. */
const SILENT_ONCE_IN = 100
/** Between two readings of an entity. */
const INTERVAL_MS = 10_000

/**
 * The same readings and rules for both sides.
 *
 * @param part the pure transition of a threshold alone, or the whole step of the alerting process
 */
export function sides(
  part: 'decision' | Kind,
  rules: number,
  entities: number,
): { readonly own: Side; readonly plain: Side } {
  const thresholds = createRules('threshold', rules)
  return {
    own:
      part === 'decision'
        ? decision(thresholds, entities)
        : step(createRules(part, rules), entities, part).side,
    plain: plain(thresholds, entities),
  }
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

/** The step of the alerting process, and the states that it has left. */
export function step(
  rules: readonly Rule[],
  entities: number,
  kind: Kind,
): { readonly side: Side; readonly states: readonly (AlertingState | undefined)[] } {
  const { onEvent, onTimer, context } = alerting(families, rules)
  if (onTimer === undefined) throw new Error('alerting has no timers')
  const states: (AlertingState | undefined)[] = Array.from({ length: entities })
  const names = listNames(entities)
  const times = new Float64Array(entities).fill(START_MS)
  let taken = 0
  const side: Side = readings => {
    for (let count = 0; count < readings; count += 1) {
      taken += 1
      const entity = taken % entities
      const round = Math.floor(taken / entities)
      let timeMs = (times[entity] as number) + INTERVAL_MS
      if (kind === 'silence' && (taken + round) % SILENT_ONCE_IN === 0) {
        timeMs += STALE_AFTER_MS
        fallSilent(entity, (times[entity] as number) + STALE_AFTER_MS)
      }
      times[entity] = timeMs
      // Another value in each round, although the numbers of entities and values have common divisors.
      const event = createReading(
        names[entity] as Names,
        timeMs,
        VALUES[(taken + round) % VALUES.length] as number,
      )
      const made = onEvent(states[entity], event, context.initial)
      if (made.kind === 'decided') states[entity] = made.state
    }
  }
  const fallSilent = (entity: number, dueMs: number) => {
    const state = states[entity]
    if (state === undefined) return
    const timer = { ...(names[entity] as Required<Names>), name: `wake ${dueMs}`, dueMs }
    const made = onTimer(state, timer, context.initial)
    if (made.kind === 'decided') states[entity] = made.state
  }
  return { side, states }
}

/** Made before anything is measured, as events come to a process with their names. */
function listNames(entities: number): readonly Names[] {
  const source = '/environment/oslo'
  return Array.from({ length: entities }, (_, index) => {
    return { source, subject: `s-${index}`, entity: `${source} s-${index}` }
  })
}

type Names = Pick<Received, 'source' | 'subject' | 'entity'>

function createReading(names: Names, timeMs: number, temperature: number): Received<ReadingData> {
  return { id: 'r', ...names, type: families.get('environment').type, timeMs, data: { temperature } }
}

/** The usual first version: one flag for each rule and entity, without time. */
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
