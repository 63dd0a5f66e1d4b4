/** Reads the active alert rules from the state of the consumer `alerting`. */

import type { StateInspection } from '#runtime/operating/states'
import { type AnyRule, listRules } from '../../../lib/alerting/index.ts'
import type { Families } from '../../../lib/telemetry/index.ts'
import { listStateKeys, type TopicSize } from '../../tables/table.ts'

/** Rules that an event in the log has activated for the consumer `alerting`. */
export interface ActivatedRules {
  /** Hash of the rule set that is active in most partitions. */
  readonly hash: string
  readonly rules: readonly AnyRule[]
  /**
   * Number of partitions in which this rule set is active. `partitions` is the number of all partitions. The others have not yet
   * processed the event that activates the rule set.
   */
  readonly having: number
  readonly partitions: number
}

const ALERTING = 'alerting'

/**
 * Returns the active rules in the state of `alerting`. Undefined if no rules have been activated by the log yet; `alerting` then
 * uses the rules of its deployment.
 *
 * @param readings topic that `alerting` reads
 * @throws Unavailable if Redis does not answer
 */
export async function readActivatedRules(
  families: Families,
  inspection: Pick<StateInspection, 'context'>,
  readings: TopicSize,
): Promise<ActivatedRules | undefined> {
  const keys = listStateKeys(ALERTING, readings)
  const contexts = await Promise.all(keys.map(key => inspection.context(key)))
  const byHash = Map.groupBy(
    contexts.filter(context => context !== undefined),
    ({ hash }) => hash,
  )
  const [most] = [...byHash.values()].sort((a, b) => b.length - a.length)
  if (!most?.[0]) return undefined
  const data = JSON.parse(most[0].json) as { readonly hash?: string }
  const read = listRules(families, data)
  if ('error' in read) return undefined
  return { hash: String(data.hash), rules: read.rules, having: most.length, partitions: keys.length }
}

/**
 * Returns the active rules of a partition.
 *
 * @param topic topic that `alerting` reads
 * @returns undefined if no rules have been activated in the partition, or this version cannot read them
 * @throws Unavailable if Redis does not answer
 */
export async function readPartitionRules(
  families: Families,
  inspection: Pick<StateInspection, 'context'>,
  topic: string,
  partition: number,
): Promise<readonly AnyRule[] | undefined> {
  const context = await inspection.context({ consumer: ALERTING, topic, partition })
  if (context === undefined) return undefined
  const read = listRules(families, JSON.parse(context.json))
  return 'error' in read ? undefined : read.rules
}
