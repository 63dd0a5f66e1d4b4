/** History of partition counts, for records that must return to the partition of their key. */
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import { growthsName, type KnownGrowths } from '../../packages/runtime/pipeline/growth/history.ts'
import type { Growth } from '../../packages/runtime/pipeline/model.ts'

/** Increases of the partition count, by Kafka topic. */
export type Growths = ReadonlyMap<string, readonly Growth[]>

/**
 * Returns the increases of partition counts that Redis has recorded.
 *
 * @param topics names of the Kafka topics
 */
export async function growthsOf(
  topics: Iterable<string>,
  connections: Pick<Connections, 'value'>,
): Promise<Growths> {
  const known = await Promise.all(
    [...topics].map(async topic => {
      const value = await connections.value<KnownGrowths>(growthsName(topic))
      return [topic, (await value.read())?.growths ?? []] as const
    }),
  )
  return new Map(known)
}
