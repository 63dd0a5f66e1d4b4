/** Arguments and events of a growth. */
import type { ConsumerPlan } from './plan.ts'

export interface Order {
  readonly to: number
  readonly by: string
  /** Whether entities with an unknown key may stay behind. */
  readonly allowUnknown: boolean
  /** Consumers that keep nothing by entity: they may be behind, and their states are left alone. */
  readonly except: readonly string[]
  /** Time without a record before the growth begins, in milliseconds. */
  readonly quietMs: number
  /** Time in which a request of a killed run may still reach Kafka, in milliseconds; 30 s by default. */
  readonly answeredMs?: number
}

/** The steps, in their order; some come several times. */
export type Step =
  | 'began'
  | 'fenced'
  | 'copied'
  | 'staged'
  | 'creating'
  | 'created'
  | 'noted'
  | 'switched'
  | 'over'

/** Events for the operator. A test stops a growth at a step. */
export interface Watching {
  readonly tell: (text: string) => void
  readonly reached?: (step: Step) => void
}

/** The message of a growth that did not happen. */
export function refusal(wrong: readonly string[]): string {
  return `The topic has not grown, and all is as it was:\n${wrong.map(line => `  ${line}`).join('\n')}`
}

/** How many of the entities are named that stay behind. */
const NAMED = 5

/** Returns the objections of the states to a growth, a line for each consumer. */
export function inTheWay(
  plans: readonly ConsumerPlan[],
  { allowUnknown }: Pick<Order, 'allowUnknown'>,
): string[] {
  return [...stillHeld(plans), ...(allowUnknown ? [] : stayingBehind(plans))]
}

/** The entities that would stay behind, a line for each consumer that has some; those without a key may be anywhere. */
function stayingBehind(plans: readonly ConsumerPlan[]): string[] {
  return plans.flatMap(({ consumer, staying }) => {
    const unknown = staying.filter(({ why }) => why !== 'no-key')
    if (unknown.length === 0) return []
    const some = unknown.slice(0, NAMED).map(({ entity, why }) => `${entity} (${why})`)
    return [
      `${unknown.length} entities of ${consumer} would stay behind: ${some.join(', ')}${unknown.length > NAMED ? ', …' : ''}. ` +
        'With --allow-unknown they do, and their next records may begin without a state.',
    ]
  })
}

/** The entities whose events wait in the states, a line for each consumer that has some. */
function stillHeld(plans: readonly ConsumerPlan[]): string[] {
  return plans.flatMap(({ consumer, held }) => {
    if (held.size === 0) return []
    const count = [...held.values()].reduce((sum, here) => sum + here, 0)
    const places = `partition${held.size === 1 ? '' : 's'} ${[...held.keys()].join(', ')}`
    return [
      `${consumer} holds ${count} entities in ${places}, whose events wait for a retry or to be applied: wait until the retries are ` +
        'back, and then for the next tick.',
    ]
  })
}
