/** Creates the handlers in `functions/` that a schedule calls and that use neither Kafka nor Redis. */
import { createScheduledHandler, type Scheduled } from '#runtime/lambda/scheduled-handler.ts'
import type { Slice } from '#runtime/settings/index.ts'
import { NAME } from './name.ts'
import { type CombinedParts, GENERAL } from './settings/index.ts'

class NoConnections {
  onPublished: ((ms: number) => void) | undefined

  async afterInvocation(): Promise<void> {}
}

/** A run of a scheduled function without connections, with the settings in `Slices`. */
export type StandaloneRun<Slices extends readonly Slice[]> = Scheduled<
  NoConnections,
  CombinedParts<readonly [typeof GENERAL, ...Slices]>
>

/** Returns a schedule-triggered handler without connections. Its bundle contains no client of Kafka or Redis. */
export function standaloneFunction<const Slices extends readonly Slice[]>(
  name: string,
  slices: Slices,
  run: (run: StandaloneRun<Slices>) => Promise<object>,
) {
  const all = [GENERAL, ...slices] as const
  return createScheduledHandler(name, NoConnections, all as unknown as [typeof GENERAL], run as never, NAME)
}
