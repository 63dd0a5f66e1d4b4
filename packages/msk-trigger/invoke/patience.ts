/** When another instance of a function is started. */
import { availableParallelism } from 'node:os'

/** How long a caller waits until a new instance is started, which takes longer and slows down all others. */
const PATIENCE_MS = 100

/** The same while all processors are busy: another thread would only slow down the others. The running handlers may take long. */
const PATIENCE_WITHOUT_PROCESSOR_MS = 1_000

/** A new instance is also started when the queue has been non-empty for this long and a processor is idle. */
const BACKLOG_MS = 1_000

/** The same while an instance loads its handler: a quick one then serves all that wait, and several that load take longer, and stay. */
const LOADING_PATIENCE_MS = 1_000

const PROCESSORS = availableParallelism()

/** Returns when a new instance is started for a caller that waits. @param threads the instances, and whatever else needs a processor */
export function startInstanceAtMs(
  { sinceMs, backlogSinceMs }: { readonly sinceMs: number; readonly backlogSinceMs: number },
  threads: readonly { readonly isComputing: boolean; readonly isLoading?: boolean }[],
  processors = PROCESSORS,
): number {
  if (threads.some(thread => thread.isLoading)) return sinceMs + LOADING_PATIENCE_MS
  const computing = threads.filter(thread => thread.isComputing).length
  return computing < processors
    ? Math.min(sinceMs + PATIENCE_MS, backlogSinceMs + BACKLOG_MS)
    : sinceMs + PATIENCE_WITHOUT_PROCESSOR_MS
}
