/** How the topics of an environment have grown, for records that come back to the partition of their key. */
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import { growthsName, type KnownGrowths } from '../../packages/runtime/pipeline/growth/history.ts'
import type { Growth } from '../../packages/runtime/pipeline/model.ts'

/** Growths by the topic's name in Kafka. */
export type Growths = ReadonlyMap<string, readonly Growth[]>

/** @param topics by their names in Kafka */
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
