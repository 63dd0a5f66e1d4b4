/**
 * Limits the memory that V8 reserves for new objects. Lambda starts Node with 5 % of a function's memory for each half of the young
 * generation, which V8 rounds up: 64 MiB of 512. After a batch of large records, it keeps this size, full of unused objects and
 * references to their buffers. Limiting it to a quarter of this size has no measurable effect on speed. Node's options cannot be
 * changed in Lambda without a wrapper script, so the growth is stopped from within the process.
 */
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8'
import { isMainThread } from 'node:worker_threads'

/** Maximum size of both halves together, as a share of the heap limit: 16 MiB for a function of 512 MB. */
const MAX_PART = 1 / 32
/** Growth factors of the young generation. V8 doubles the size when enough new objects have survived. */
const DOUBLES = 2
const STAYS = 1

/**
 * Returns the factor by which the young generation may grow next.
 *
 * @param bytes current size of both halves together, in bytes
 * @param limitBytes limit of the whole heap, in bytes
 */
export function growthFactor(bytes: number, limitBytes: number): number {
  return bytes * DOUBLES > limitBytes * MAX_PART ? STAYS : DOUBLES
}

let factor = DOUBLES
let isWatched = false

/**
 * Limits the young generation of a process that runs one function. Call it when the function loads, and again
 * after a large event was parsed. It does nothing in a worker thread, because threads share V8's options.
 */
export function boundYoungGeneration(): void {
  if (!isMainThread) return
  adjust()
  if (isWatched) return
  isWatched = true
  // V8 also shrinks the young generation during low activity, so its size is checked after each collection,
  // which takes microseconds.
  new PerformanceObserver(adjust).observe({ entryTypes: ['gc'] })
}

function adjust(): void {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  const next = growthFactor(young?.space_size ?? 0, getHeapStatistics().heap_size_limit)
  if (next === factor) return
  factor = next
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}
