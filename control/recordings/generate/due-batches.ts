/** Determines when generated readings are due, and yields them in batches at that time. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Families } from '../../../lib/telemetry/index.ts'
import { type KeyedEvent, simulate, simulateReading } from '../../../lib/telemetry/simulator/generation.ts'
import { type GeneratorSettings, type Sensor, timeOfTick } from '../../../lib/telemetry/simulator/index.ts'

/**
 * Timing of generated readings.
 * - `live`: each sensor is read at its interval, starting now.
 * - `past`: each sensor is read at its interval, starting at an earlier time, without waiting.
 * - `rate`: all sensors are read in turn, at a number of readings per second. The time of a reading is the time at which it is
 * generated. `Infinity` generates readings without waiting.
 */
export type ReadingTimes =
  | { readonly kind: 'live' }
  | { readonly kind: 'past'; readonly fromMs: number }
  | { readonly kind: 'rate'; readonly perSecond: number }

export interface GenerateOptions {
  readonly families: Families
  readonly settings: GeneratorSettings
  readonly pace: ReadingTimes
  /** Number of readings to generate. */
  readonly count?: number | undefined
  /** Simulated time to generate, in milliseconds. */
  readonly durationMs?: number | undefined
  readonly signal: AbortSignal
}

/** Returns the first tick for a timing and the current time. */
function computeFirstTick({ settings, pace }: GenerateOptions, nowMs: number): number {
  const tickMs = timeOfTick(settings, 1)
  return Math.ceil((pace.kind === 'past' ? pace.fromMs : nowMs) / tickMs)
}

/** Yields batches until the count or the duration is reached, or the signal is aborted. */
export async function* generateBatches(
  options: GenerateOptions,
  nowMs = Date.now(),
): AsyncGenerator<readonly KeyedEvent[]> {
  let left = options.count ?? Number.POSITIVE_INFINITY
  const batches =
    options.pace.kind === 'rate'
      ? generateAtRate(options, options.pace.perSecond)
      : generateAtTicks(options, nowMs)
  for await (const batch of batches) {
    const readings = batch.length > left ? batch.slice(0, left) : batch
    left -= readings.length
    yield readings
    if (left === 0) return
  }
}

/** Maximum number of readings in a batch. It is small, so that a stop takes effect quickly. */
const PART = 500

async function* generateAtTicks(
  options: GenerateOptions,
  nowMs: number,
): AsyncGenerator<readonly KeyedEvent[]> {
  const { families, settings, pace, durationMs, signal } = options
  const from = computeFirstTick(options, nowMs)
  const endMs = durationMs === undefined ? Number.POSITIVE_INFINITY : timeOfTick(settings, from) + durationMs
  for (let tick = from; timeOfTick(settings, tick) < endMs && !signal.aborted; tick++) {
    if (pace.kind === 'live') await waitUntil(timeOfTick(settings, tick), signal)
    if (signal.aborted) return
    const readings = [...simulate(families, settings, tick, tick + 1)]
    for (let start = 0; start < readings.length; start += PART) yield readings.slice(start, start + PART)
  }
}

async function waitUntil(timeMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = timeMs - Date.now()
  if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => {})
}

const RATE_STEP_MS = 10

async function* generateAtRate(
  options: GenerateOptions,
  perSecond: number,
): AsyncGenerator<readonly KeyedEvent[]> {
  const { families, settings, durationMs = Number.POSITIVE_INFINITY, signal } = options
  const { fleet } = settings
  const startMs = Date.now()
  const from = computeFirstTick(options, startMs)
  for (let readingCount = 0; !signal.aborted; ) {
    const elapsedMs = Date.now() - startMs
    if (elapsedMs >= durationMs) return
    const due = Math.min(PART, Math.floor((elapsedMs * perSecond) / 1000) - readingCount)
    if (due <= 0 && Number.isFinite(perSecond)) {
      await pause(RATE_STEP_MS, undefined, { signal }).catch(() => {})
      continue
    }
    yield Array.from({ length: Number.isFinite(perSecond) ? due : PART }, () => {
      const sensor = fleet[readingCount % fleet.length] as Sensor
      const tick = from + Math.floor(readingCount / fleet.length)
      readingCount++
      return simulateReading(families, settings, sensor, tick, Date.now())
    })
  }
}
