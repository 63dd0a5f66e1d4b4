/** Decides when a function gets another instance. */
import { availableParallelism } from 'node:os'

/**
 * Time that a caller waits before a new instance is started, in milliseconds. Starting an instance takes longer than this and slows
 * down the others.
 */
const PATIENCE_MS = 100

/**
 * Waiting time while all processors are busy, in milliseconds. It is longer because another thread would only slow down the others,
 * but limited because running handlers may take long.
 */
const PATIENCE_WITHOUT_PROCESSOR_MS = 1_000

/**
 * Time after which a new instance is started if callers have been waiting without a break and a processor is idle, in milliseconds.
 */
const BACKLOG_MS = 1_000

/**
 * Waiting time while an instance loads its handler, in milliseconds. A fast handler serves all waiting callers once it is loaded,
 * whereas loading several handlers takes longer and uses more memory.
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
): number {
  if (threads.some(thread => thread.isLoading)) return sinceMs + LOADING_PATIENCE_MS
  const computing = threads.filter(thread => thread.isComputing).length
  return computing < PROCESSORS
    ? Math.min(sinceMs + PATIENCE_MS, backlogSinceMs + BACKLOG_MS)
    : sinceMs + PATIENCE_WITHOUT_PROCESSOR_MS
}
