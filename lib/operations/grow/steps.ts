/** Parameters and events of a growth. */
import type { ConsumerPlan } from './plan.ts'

export interface Order {
  readonly to: number
  readonly by: string
  /** True to leave entities with an unknown key in their partition. */
  readonly allowUnknown: boolean
  /** Consumers that store nothing by entity. They may have lag, and their states are not moved. */
  readonly except: readonly string[]
  /** Time without records that is required before the growth starts, in milliseconds. */
  readonly quietMs: number
  /** Time within which a request of a killed run may still reach Kafka, in milliseconds; 30 s by default. */
  readonly answeredMs?: number
}

/** Steps of a growth, in order. Some occur several times. */
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

/** Observer of a growth. Tests use it to stop a growth at a step. */
export interface Watching {
  readonly tell: (text: string) => void
  readonly reached?: (step: Step) => void
}

/** Returns the message about a growth that was not carried out. */
export function refusal(wrong: readonly string[]): string {
  return `The topic has not grown, and all is as it was:\n${wrong.map(line => `  ${line}`).join('\n')}`
}

/** Maximum number of entities that a message lists. */
const NAMED = 5

/** Returns the problems of the states that prevent a growth, one line for each consumer. */
export function inTheWay(
  plans: readonly ConsumerPlan[],
  { allowUnknown }: Pick<Order, 'allowUnknown'>,
): string[] {
  return [...stillHeld(plans), ...(allowUnknown ? [] : stayingBehind(plans))]
}

/**
 * Returns the entities that would stay in their partition, one line for each consumer. The key of these
 * entities is unknown, so their next records may go to any partition.
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

/** Returns the entities whose events wait in the states, one line for each consumer. */
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
