/**
 * Bounds the memory that V8 reserves for new objects. Lambda starts Node with 5 % of a function's memory for each half of the
 * young generation, which V8 rounds up: 64 MiB of 512. A batch of large records makes it grow to that size, where it stays, full
 * of unused objects and references to their buffers. A quarter of it costs no measurable time. Lambda's options cannot be changed
 * from outside without a wrapper in front of Node, so the growth is stopped from inside.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8'
import { isMainThread } from 'node:worker_threads'

/** Upper bound for both halves, as a part of the heap's limit: 16 MiB for a function of 512 MB. */
const MAX_PART = 1 / 32
/** V8 doubles the size when enough new objects have survived. */
const DOUBLES = 2
const STAYS = 1

/**
 * Returns the factor by which the young generation may grow next.
 *
 * @param bytes its size now, of both halves
 * @param limitBytes of the whole heap
 */
export function growthFactor(bytes: number, limitBytes: number): number {
  return bytes * DOUBLES > limitBytes * MAX_PART ? STAYS : DOUBLES
}

let factor = DOUBLES
let isWatched = false

/**
 * Bounds the young generation of a process that runs one function: call it when the function loads, and again whenever a large
 * event has just been parsed. Threads share V8's options, so in a thread it does nothing.
 */
export function boundYoungGeneration(): void {
  if (!isMainThread) return
  adjust()
  if (isWatched) return
  isWatched = true
  // V8 also shrinks it when little happens, so its size is looked at after each collection. That takes microseconds.
  new PerformanceObserver(adjust).observe({ entryTypes: ['gc'] })
}

function adjust(): void {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  const next = growthFactor(young?.space_size ?? 0, getHeapStatistics().heap_size_limit)
  if (next === factor) return
  factor = next
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}
