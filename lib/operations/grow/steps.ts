/** Defines the parameters and the steps of a growth. */
import type { ConsumerPlan } from './plan.ts'

export interface Order {
  readonly to: number
  readonly by: string
  /** True to continue if the keys of some entities are unknown. These entities stay in their partition. */
  readonly allowUnknown: boolean
  /** Consumers that store nothing by entity. Their states are not moved, and they may have lag. */
  readonly except: readonly string[]
  /** Time without new records, in milliseconds, that is required before the growth starts. */
  readonly quietMs: number
  /** Time in milliseconds for which a request of a killed run can still reach Kafka; 30 seconds by default. */
  readonly answeredMs?: number
}

/** Steps of a growth, in order. Some steps can occur several times. */
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

/** Observer of a growth. Tests use it to interrupt the growth at a step. */
export interface Watching {
  readonly tell: (text: string) => void
  readonly reached?: (step: Step) => void
}

/** Returns the message that a growth was not carried out, with its problems. */
export function refusal(wrong: readonly string[]): string {
  return `The topic has not grown, and all is as it was:\n${wrong.map(line => `  ${line}`).join('\n')}`
}

/** Maximum number of entities to list in a message. */
const NAMED = 5

/** Returns the problems with states that prevent a growth, one line for each consumer. */
export function inTheWay(
  plans: readonly ConsumerPlan[],
  { allowUnknown }: Pick<Order, 'allowUnknown'>,
): string[] {
  return [...stillHeld(plans), ...(allowUnknown ? [] : stayingBehind(plans))]
}

/**
 * Returns the entities whose key is unknown, one line for each consumer. They would stay in their partition, although their next
 * records may be in another one.
 */
function stayingBehind(plans: readonly ConsumerPlan[]): string[] {
  return plans.flatMap(({ consumer, staying }) => {
    const unknown = staying.filter(({ why }) => why !== 'no-key')
    if (unknown.length === 0) return []
    const some = unknown.slice(0, NAMED).map(({ entity, why }) => `${entity} (${why})`)
    return [
      `${unknown.length} entities of ${consumer} have an unknown key and would not be moved: ${some.join(', ')}${unknown.length > NAMED ? ', …' : ''}. ` +
        'With --allow-unknown, the growth continues, and their next records may start without a state.',
    ]
  })
}

/** Returns the entities that are held, one line for each consumer. */
function stillHeld(plans: readonly ConsumerPlan[]): string[] {
  return plans.flatMap(({ consumer, held }) => {
    if (held.size === 0) return []
    const count = [...held.values()].reduce((sum, here) => sum + here, 0)
    const places = `partition${held.size === 1 ? '' : 's'} ${[...held.keys()].join(', ')}`
    return [
      `${consumer} holds ${count} entities in ${places}, whose events wait for a retry or to be applied. Wait until the retries have ` +
        'returned, and then for the next tick.',
    ]
  })
}
