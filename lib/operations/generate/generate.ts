/** Generates readings and sends them to the outlets, until it is stopped. */

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import type { TelemetryProducer } from '../../../packages/runtime/producer/telemetry-producer.ts'
import type { KeyStrategy } from '../../telemetry/key.ts'
import type { KeyedEvent } from '../../telemetry/reading.ts'
import { fileFailure } from '../file-failure.ts'
import { withKey } from '../publish/key-by.ts'
import { batchesOf, firstTick, type GenerateOptions } from './pace.ts'

/** Destination of readings. `send` resolves when it accepts more. */
export interface Outlet {
  send(readings: readonly KeyedEvent[]): Promise<void>
  /** Waits until everything is written. Resolves to the number of readings that could not be written. */
  close(): Promise<number>
}

/** Counts of a run. */
export interface Generated {
  readings: number
  readonly fromTick: number
  untilTick: number
}

/**
 * Sends each reading to all outlets.
 *
 * @param counts counts that are updated during the run
 */
export async function generate(
  options: GenerateOptions,
  outlets: readonly Outlet[],
  counts: Generated,
): Promise<void> {
  for await (const { readings, untilTick } of batchesOf(options, Date.now())) {
    for (const outlet of outlets) await outlet.send(readings)
    counts.readings += readings.length
    counts.untilTick = untilTick
  }
}

/** Returns the counts of a run that has not started. */
export function noneYet(options: GenerateOptions): Generated {
  const fromTick = firstTick(options, Date.now())
  return { readings: 0, fromTick, untilTick: fromTick }
}

/** Returns an outlet that publishes readings to the topic of a producer. */
export function kafkaOutlet(producer: TelemetryProducer): Outlet {
  return {
    async send(readings) {
      for (const { event, key } of readings) await producer.enqueue(event, { key })
    },
    close: () => producer.close(),
  }
}

/**
 * Returns an outlet that writes readings as JSON, one CloudEvent per line.
 *
 * @param keyBy strategy of the record key, which is written as `partitionkey` for `sluice replay`
 * @param stdout stream that is used if `file` is undefined; it is not closed
 * @throws OperationFailure with the reason of the operating system, such as a full disk
 */
export async function fileOutlet(
  file: { readonly path: string; readonly name: string } | undefined,
  stdout: Writable,
  keyBy?: KeyStrategy,
): Promise<Outlet> {
  const stream = file ? createWriteStream(file.path) : stdout
  let failure: unknown
  const failed = (error: unknown) => {
    failure ??= fileFailure(file?.name ?? 'standard output', error)
  }
  stream.on('error', failed)
  if (file) await once(stream, 'open').catch(failed)
  if (failure) throw failure
  return {
    async send(readings) {
      if (failure) throw failure
      const lines = readings.map(
        ({ event }) => `${JSON.stringify(toJsonEvent(keyBy ? withKey(event, keyBy) : event))}\n`,
      )
      if (!stream.write(lines.join(''))) await once(stream, 'drain').catch(failed)
      if (failure) throw failure
    },
    async close() {
      if (file) await finished(stream.end()).catch(failed)
      else stream.off('error', failed)
      if (failure) throw failure
      return 0
    },
  }
}
