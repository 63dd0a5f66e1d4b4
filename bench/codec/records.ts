import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../lib/telemetry/simulator.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { type ContentMode, producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { KafkaEventRecord } from '../../packages/runtime/pipeline/batch/receive.ts'
import { kafkaEvent } from '../../packages/runtime/testing/records.ts'

const FIRST_TICK = Date.parse('2026-03-01T12:00:00Z') / (GENERATOR_DEFAULTS.tickSeconds * 1000)
const TOPIC = 'bench.readings'

/** Simulated readings of all families in turn, as many as there are ticks for each sensor. */
export function readings(ticks: number): readonly { readonly key: string; readonly event: Event }[] {
  return [...simulate(GENERATOR_DEFAULTS, FIRST_TICK, FIRST_TICK + ticks)].map(({ key, event }) => ({
    key: key ?? '',
    event,
  }))
}

/** One record in the forms in which programs get it. */
export interface Forms {
  /** Record in Lambda's form. */
  readonly lambda: KafkaEventRecord
  /** Record of a Kafka client: header values are buffers. */
  readonly record: LogRecord
  /** Message of the CloudEvents SDK: header values are strings. */
  readonly message: SdkMessage
}

export interface SdkMessage {
  readonly key: string
  readonly value: Buffer
  readonly body: null
  readonly headers: Record<string, string>
}

/** The records with which producers publish these events. */
export function formsOf(events: ReturnType<typeof readings>, mode: ContentMode): readonly Forms[] {
  return events.map(({ key, event }, offset) => {
    const written = producedRecord(TOPIC, key, event, mode)
    const record = { ...written, partition: 0, offset, timestampMs: Date.parse(event.time ?? '') }
    const [lambda] = Object.values(kafkaEvent([record]).records).flat()
    return { lambda: lambda as KafkaEventRecord, record, message: messageOf(record) }
  })
}

/** Converts a record, as a program must before it can call the SDK. */
export function messageOf({ key, value, headers }: LogRecord): SdkMessage {
  const texts: Record<string, string> = {}
  for (const [name, bytes] of headers) texts[name] = String(bytes)
  return { key: String(key), value: value as Buffer, body: null, headers: texts }
}
