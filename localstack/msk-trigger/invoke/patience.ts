/** When another instance of a function is started. */
import { availableParallelism } from 'node:os'

/**
 * A new instance is started when a caller has waited this long. Starting one takes longer, some hundreds of
 * milliseconds of a processor, which slows down its own caller and all others.
 */
const PATIENCE_MS = 100

/**
 * The same limit when all processors are busy: another thread would only slow down the others, and takes up to 100 MB. Not forever:
 * the running handlers may take until their timeout.
 */
const PATIENCE_WITHOUT_PROCESSOR_MS = 1_000

/** A new instance is also started when the queue has been non-empty for this long and a processor is idle. */
const BACKLOG_MS = 1_000

/**
 * How long a caller waits while an instance loads its handler. To load it takes a processor for some hundreds of milliseconds, and a quick
 * handler then has all that wait in no time: several that load at once take longer, and stay.
 */
const LOADING_PATIENCE_MS = 1_000

/** Threads that can run at once. */
const PROCESSORS = availableParallelism()

/**
 * Returns when a new instance is started for a caller that waits for a busy one.
 *
 * @param waiting since when this caller has waited, or has been in line at an instance, and since when the queue has been non-empty.
 * @param threads the instances, and whatever else may need a processor
 */
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
