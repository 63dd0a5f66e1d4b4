/** Decides when another instance of a function is started. */
import { availableParallelism } from 'node:os'

/**
 * Time that a caller waits until a new instance is started, in milliseconds. Starting one takes longer, and slows down all others.
 */
const PATIENCE_MS = 100

/**
 * Waiting time while all processors are busy, in milliseconds. Another thread would only slow down the
 * others, but running handlers may take long.
 */
const PATIENCE_WITHOUT_PROCESSOR_MS = 1_000

/** Time for which the queue may be non-empty, in milliseconds. After that, a new instance is started if a processor is idle. */
const BACKLOG_MS = 1_000

/**
 * Waiting time while an instance loads its handler, in milliseconds. A fast handler then serves all waiting
 * callers, whereas loading several handlers takes longer and keeps more instances in memory.
 */
const LOADING_PATIENCE_MS = 1_000

const PROCESSORS = availableParallelism()

/**
 * Returns the time at which a new instance is started for a waiting caller.
 *
 * @param threads number of instances and other threads that need a processor
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
