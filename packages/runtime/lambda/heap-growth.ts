/**
 * Adapts V8's heap to a function that reads batches. Node's options cannot be changed in Lambda without a wrapper script, so V8's flags
 * are set from within the process.
 *
 * - Lambda starts Node with 5 % of a function's memory for each half of the young generation, which V8 rounds up: 64 MiB of 512. After a
 *   batch of large records, it keeps this size, full of unused objects and references to their buffers. Limiting it to a quarter of this
 *   size has no measurable effect on speed.
 * - With so little memory, V8 lets the old generation grow by only 8 MB between two full collections. Whatever outlives a batch fills that
 *   within ten batches, and the collections took a quarter of all processor time.
 */
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8'
import { isMainThread } from 'node:worker_threads'

/** Maximum size of both halves of the young generation, as a share of the heap limit: 16 MiB for a function of 512 MB. */
const MAX_PART = 1 / 32
/** Growth factors of the young generation. V8 doubles the size when enough new objects have survived. */
const DOUBLES = 2
const STAYS = 1
/** Growth of the old generation until the next full collection, in per cent of what has survived. V8 still keeps the limit of the heap. */
const OLD_GROWTH_PERCENT = 200

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
let isAdapted = false

/**
 * Adapts the heap of a process that runs functions. Call it when a function loads, and again after a large event was parsed. The young
 * generation of a worker thread stays as it is, because whoever starts the thread limits it.
 */
export function adaptHeap(): void {
  if (isMainThread) limitYoungGeneration()
  if (isAdapted) return
  isAdapted = true
  setFlagsFromString(`--heap-growing-percent=${OLD_GROWTH_PERCENT}`)
  // V8 also shrinks the young generation during low activity, so its size is checked after each collection,
  // which takes microseconds.
  if (isMainThread) new PerformanceObserver(limitYoungGeneration).observe({ entryTypes: ['gc'] })
}

function limitYoungGeneration(): void {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  const next = growthFactor(young?.space_size ?? 0, getHeapStatistics().heap_size_limit)
  if (next === factor) return
  factor = next
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}
