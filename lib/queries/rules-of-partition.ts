/** Reads the rules that the log has activated in a partition, from the state of alerting. */

import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { AnyRule } from '../alerting/patterns/pattern.ts'
import { rulesIn } from '../alerting/rule-set.ts'

/** Name of the consumer whose state has the rules. */
const ALERTING = 'alerting'

/**
 * Returns the active rules of a partition.
 *
 * @param topic topic that alerting reads
 * @returns undefined if the log has activated no rules in the partition, or none that this version can read
 * @throws Unavailable if Redis does not answer
 */
export async function rulesOfPartition(
  inspection: Pick<StateInspection, 'context'>,
  topic: string,
  partition: number,
): Promise<readonly AnyRule[] | undefined> {
  const context = await inspection.context({ consumer: ALERTING, topic, partition })
  if (context === undefined) return undefined
  const read = rulesIn(JSON.parse(context.json))
  return 'error' in read ? undefined : read.rules
}
