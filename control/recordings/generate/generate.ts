/** Generates readings and sends them to sinks until it is stopped. */

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { TelemetryProducer } from '#runtime/producer'
import { fileFailure } from '../../../lib/support/operation-failure.ts'
import type { KeyedEvent } from '../../../lib/telemetry/simulator/generation.ts'
import { type GenerateOptions, generateBatches } from './due-batches.ts'

/** Destination of generated readings. */
export interface ReadingSink {
  /**
   * Sends readings, and resolves when the sink can receive more. Returns the number of accepted readings, which is lower than
   * requested only after a stop.
   */
  send(readings: readonly KeyedEvent[]): Promise<number>
  /** Waits until all readings are written. Returns the number of readings that could not be written. */
  close(): Promise<number>
}

/** Counts of a run. */
export interface Generated {
  readings: number
}

/**
 * Generates readings, and sends each of them to all sinks.
 *
 * @param counts counts that are updated during the run
 */
export async function generateReadings(
  options: GenerateOptions,
  sinks: readonly ReadingSink[],
  counts: Generated,
): Promise<void> {
  for await (const readings of generateBatches(options, Date.now())) {
    let acceptedCount = readings.length
    for (const sink of sinks) acceptedCount = await sink.send(readings.slice(0, acceptedCount))
    counts.readings += acceptedCount
  }
}

/**
 * Returns a sink that publishes readings to Kafka.
 *
 * @param signal ends the wait for a broker that does not accept more readings
 */
export function createKafkaSink(
  producer: Pick<TelemetryProducer, 'enqueue' | 'close'>,
  signal: AbortSignal,
): ReadingSink {
  return {
    async send(readings) {
      let enqueuedCount = 0
      const enqueueAll = async () => {
        for (const { event, key } of readings) {
          if (signal.aborted) return
          enqueuedCount++
          await producer.enqueue(event, { key })
        }
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const stopWaiting = () => resolve()
      signal.addEventListener('abort', stopWaiting)
      void enqueueAll().then(resolve, reject)
      await promise.finally(() => signal.removeEventListener('abort', stopWaiting))
      return enqueuedCount
    },
    close: () => producer.close(),
  }
}

/**
 * Returns a sink that writes readings as JSON, one CloudEvent per line.
 *
 * @param stdout stream to use if `file` is undefined. It is not closed.
 * @throws OperationFailure with the operating system's reason, such as a full disk
 */
export async function openFileSink(
  file: { readonly path: string; readonly name: string } | undefined,
  stdout: Writable,
): Promise<ReadingSink> {
  const stream = file ? createWriteStream(file.path) : stdout
  let failure: unknown
  const recordFailure = (error: unknown) => {
    failure ??= fileFailure(file?.name ?? 'standard output', error)
  }
  stream.on('error', recordFailure)
  if (file) await once(stream, 'open').catch(recordFailure)
  if (failure) throw failure
  return {
    async send(readings) {
      if (failure) throw failure
      const lines = readings.map(({ event }) => `${JSON.stringify(event)}\n`)
      if (!stream.write(lines.join(''))) await once(stream, 'drain').catch(recordFailure)
      if (failure) throw failure
      return readings.length
    },
    async close() {
      if (file) await finished(stream.end()).catch(recordFailure)
      else stream.off('error', recordFailure)
      if (failure) throw failure
      return 0
    },
  }
}
