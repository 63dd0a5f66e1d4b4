/** Publishes single events, and tells where each lies. */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import type { Config } from '../../lib/app/config.ts'
import { LONGEST } from '../../lib/runtime/adapters/files/lines.ts'
import { appendInOrder } from '../../lib/runtime/adapters/kafka/append-in-order.ts'
import type { DataWriter } from '../../lib/runtime/cloudevents/data-writer.ts'
import type { OutgoingRecord } from '../../lib/runtime/cloudevents/record.ts'
import { producedRecord } from '../../lib/runtime/cloudevents/writer.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { partitionOf } from '../../lib/runtime/consumer/murmur2.ts'
import type { Serialization } from '../../lib/runtime/consumer/serialization.ts'
import { RecordRefused } from '../../lib/runtime/pipeline/errors.ts'
import { KeyFieldMissing, type KeyStrategy } from '../../lib/telemetry/key.ts'
import { CliFailure } from '../failure.ts'
import { fileFailure } from '../files.ts'
import { type KafkaCommand, requireTopicIn, withKafka } from '../kafka.ts'
import { keyBy as keyOfEvent } from '../key-by.ts'
import { writerFor, writtenBy } from '../serialization.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'
import { harmless } from '../text-width.ts'
import { eventsIn } from './events.ts'
import { eventKey } from './key.ts'

export interface PublishPlan {
  /** Whole name. */
  readonly topic: string
  /** `-` is standard input. */
  readonly file: string
  readonly key: string | undefined
  readonly keyBy: KeyStrategy | undefined
  readonly traceparent: string | undefined
  readonly newId: boolean
  readonly dryRun: boolean
  readonly json: boolean
  /** How data is written; as the settings say if undefined. */
  readonly serialization: Serialization | undefined
}

/** What `publish --json` prints of each event. */
interface PublishedEvent {
  readonly id: string
  readonly topic: string
  readonly partition: number
  /** Null in a dry run. */
  readonly offset: number | null
  readonly key: string
}

type Placed = OutgoingRecord & Omit<PublishedEvent, 'key' | 'offset'> & { readonly keyText: string }

/** @throws CliFailure if an event is wrong; then none is published */
export async function publish(plan: PublishPlan, config: Config, terminal: Terminal): Promise<void> {
  const name = plan.file === '-' ? 'standard input' : plan.file
  const { newId, traceparent } = plan
  const events = eventsIn(await textOf(plan.file, name, terminal), { name, newId, traceparent })
  const writer = await writerFor(config, plan.serialization)
  await withKafka(config, async command => {
    const { partitions } = requireTopicIn(command, plan.topic)
    const placed = events.map(({ event, line }) =>
      place(event, `${name}:${line}`, writer, plan, config, partitions.length),
    )
    const published: PublishedEvent[] = []
    try {
      if (plan.dryRun) published.push(...placed.map(record => told(record, null)))
      else await append(command, placed, published)
    } finally {
      const dryRun = plan.dryRun
      printReport(terminal, { dryRun, published }, plan.json, publishedText)
    }
  })
}

function place(
  event: Event,
  where: string,
  writer: DataWriter,
  { topic, key, keyBy }: PublishPlan,
  { contentMode, keyBy: setting }: Config,
  partitions: number,
): Placed {
  const keyText = key ?? keyAsAsked(event, where, keyBy) ?? keyBySetting(event, setting) ?? eventKey(event)
  const partition = partitionOf(Buffer.from(keyText), partitions)
  return {
    ...producedRecord(topic, keyText, writtenBy(writer, event), contentMode),
    id: event.id,
    topic,
    partition,
    keyText,
  }
}

/** `random` takes the id, which no other event has. */
function keyAsAsked(event: Event, where: string, strategy: KeyStrategy | undefined): string | undefined {
  try {
    return strategy && (keyOfEvent(event, strategy) ?? event.id)
  } catch (error) {
    if (error instanceof KeyFieldMissing) throw new CliFailure(`${where}: ${error.message}`)
    throw error
  }
}

/** What the event itself says comes before a setting. */
function keyBySetting(event: Event, strategy: KeyStrategy | undefined): string | undefined {
  return strategy && !event.extensions?.partitionkey ? (keyOfEvent(event, strategy) ?? undefined) : undefined
}

/** @param published grows with what is acknowledged */
async function append(
  { kafka }: KafkaCommand,
  placed: readonly Placed[],
  published: PublishedEvent[],
): Promise<void> {
  try {
    for await (const offsets of appendInOrder(kafka, placed))
      for (const offset of offsets) published.push(told(placed[published.length] as Placed, offset))
  } catch (error) {
    if (error instanceof RecordRefused) throw new CliFailure(error.message, 1, { cause: error })
    throw error
  }
}

function told({ id, topic, partition, keyText }: Placed, offset: number | null): PublishedEvent {
  return { id, topic, partition, offset, key: keyText }
}

interface PublishReport {
  readonly dryRun: boolean
  readonly published: readonly PublishedEvent[]
}

/** `Published ID to TOPIC, partition 2, offset 17, key roof-1` */
function publishedText({ dryRun, published }: PublishReport): string {
  return published
    .map(({ id, topic, partition, offset, key }) => {
      const where = `${topic}, partition ${partition}${offset === null ? '' : `, offset ${offset}`}`
      return `${dryRun ? 'Would publish' : 'Published'} ${harmless(id)} to ${where}, key ${harmless(key)}\n`
    })
    .join('')
}

async function textOf(file: string, name: string, terminal: Terminal): Promise<string> {
  const bytes = await bytesOf(file, terminal).catch(error => {
    throw fileFailure(name, error)
  })
  if (bytes.length > LONGEST)
    throw new CliFailure(`${name}: too large for single events: \`sluice replay\` publishes streams`)
  if (!isUtf8(bytes)) throw new CliFailure(`${name}: the text is not UTF-8`)
  return bytes.toString()
}

async function bytesOf(file: string, terminal: Terminal): Promise<Buffer> {
  if (file !== '-') return readFile(pathIn(terminal, file))
  const pieces: Buffer[] = []
  for await (const piece of terminal.stdin) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
