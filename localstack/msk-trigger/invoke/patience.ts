/** When another instance of a function is started. */
import { availableParallelism } from 'node:os'

/**
 * A new instance is started when a caller has waited this long. Starting one takes longer, some hundreds of
 * milliseconds of a processor, which slows down its own caller and all others.
 */
const PATIENCE_MS = 100

/** The same limit when all processors are busy: another thread would only slow down the others. */
const PATIENCE_WITHOUT_PROCESSOR_MS = 200

/** A new instance is also started when the queue has been non-empty for this long and a processor is idle. */
const BACKLOG_MS = 1_000

/** Threads that can run at once. */
const PROCESSORS = availableParallelism()

/**
 * Returns when a new instance is started for a caller that waits for a busy one.
 *
 * @param waiting since when this caller has waited, and since when the queue has been non-empty.
 * @param threads the instances, and whatever else may need a processor
 */
export function startInstanceAtMs(
  { sinceMs, backlogSinceMs }: { readonly sinceMs: number; readonly backlogSinceMs: number },
  threads: Iterable<{ readonly isComputing: boolean }>,
  processors = PROCESSORS,
): number {
  const computing = [...threads].filter(thread => thread.isComputing).length
  return computing < processors
    ? Math.min(sinceMs + PATIENCE_MS, backlogSinceMs + BACKLOG_MS)
    : sinceMs + PATIENCE_WITHOUT_PROCESSOR_MS
}
