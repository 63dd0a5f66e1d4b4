/**
 * Reads the partition count increases of topics that an earlier version of Sluice has grown. They determine the partition to which a
 * failed record is returned.
 */
import type { Connections } from '#runtime/lambda/connections.ts'
import type { Growth } from '#runtime/pipeline/model/index.ts'

/** Returns the name of the Redis value in which the growths of a topic are stored. */
export function growthsName(topic: string): string {
  return `growth:${topic}`
}

interface KnownGrowths {
  /** Growths, oldest first. */
  readonly growths: readonly Growth[]
}

/** Partition count increases by Kafka topic. */
export type Growths = ReadonlyMap<string, readonly Growth[]>

/**
 * Returns the partition count increases that are recorded in Redis.
 *
 * @param topics names of the Kafka topics
 */
export async function readGrowths(
  topics: Iterable<string>,
  connections: Pick<Connections, 'value'>,
): Promise<Growths> {
  const entries = await Promise.all(
    [...topics].map(async topic => {
      const value = await connections.value<KnownGrowths>(growthsName(topic))
      return [topic, (await value.read())?.growths ?? []] as const
    }),
  )
  return new Map(entries)
}
