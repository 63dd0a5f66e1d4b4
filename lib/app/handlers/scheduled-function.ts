/** Creates the handlers in `functions/` that a schedule calls. */
import { Connections } from '#runtime/functions/connections'
import { createScheduledHandler, type Scheduled } from '#runtime/functions/schedules'
import type { Slice } from '#runtime/settings'
import { NAME } from '../naming/name.ts'
import { type CombinedParts, GENERAL, KAFKA, NAMES, REDIS } from '../settings/index.ts'

/** Settings of every scheduled function that uses Kafka and Redis. */
type ServerSlices = readonly [typeof GENERAL, typeof NAMES, typeof KAFKA, typeof REDIS]

/** A run of a scheduled function that uses Kafka and Redis, with the settings in `Slices`. */
export type ScheduledRun<Slices extends readonly Slice[]> = Scheduled<
  Connections,
  CombinedParts<readonly [...ServerSlices, ...Slices]>
>

/** Returns a schedule-triggered handler with connections to Kafka and Redis. The errors of its runs have one line, as logs show it. */
export function scheduledFunction<const Slices extends readonly Slice[]>(
  name: string,
  slices: Slices,
  run: (run: ScheduledRun<Slices>) => Promise<object>,
) {
  const all = [GENERAL, NAMES, KAFKA, REDIS, ...slices] as const
  const runInOneLine = (scheduled: ScheduledRun<Slices>) =>
    run(scheduled).catch((error: Error) => {
      const lines = error.message.split('\n')
      error.message = lines.map(line => line.trim()).join(' ')
      throw error
    })
  // The compiler cannot combine the settings of a list whose end it does not know.
  return createScheduledHandler(
    name,
    Connections,
    all as unknown as ServerSlices,
    runInOneLine as never,
    NAME,
  )
}
