/** Plays recordings into the environment. */
import { dataWriterOf } from '../../../lib/app/data-writer.ts'
import { type PlayCounts, play } from '../../../lib/operations/replay/play.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

export interface Played {
  readonly name: string
  /** The bytes of the recording. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** How many times faster than recorded; `Infinity` is as fast as it goes. */
  readonly speed: number
  /** Makes new events of it, as near to the present as consumers accept. */
  readonly shiftToNow: boolean
}

/** @throws as `play` does */
export async function playInto(
  {
    config,
    kafka,
  }: { readonly config: ConsoleEnvironment['config']; readonly kafka: ConsoleEnvironment['kafka'] },
  played: Played,
  counts: PlayCounts,
  stop: AbortSignal,
): Promise<void> {
  const { env, contentMode, futureToleranceMs, keyBy } = config
  const { bulkPublisher } = await import('../../../packages/runtime/producer/publisher.ts')
  const dataWriter = await dataWriterOf(config)
  const addressing = { env, contentMode, dataWriter, keepPartitions: false, ...(keyBy ? { keyBy } : {}) }
  // Its own: it remembers what it could not deliver.
  const publisher = bulkPublisher(kafka)
  try {
    await play({ ...played, addressing, publisher, futureToleranceMs, nowMs: Date.now, stop }, counts)
  } finally {
    await publisher.close()
  }
}
