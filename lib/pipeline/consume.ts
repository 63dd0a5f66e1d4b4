/**
 * One Kafka batch through one consumer, the steps in their order. A newcomer starts here: each step is the file of its
 * name beside this one.
 */
import type { LogRecord } from '../cloudevents/record.ts'
import { apply } from './apply.ts'
import { commit } from './commit.ts'
import type { Consumer } from './consumer.ts'
import { type Decoded, decode } from './decode.ts'
import { fromAnotherLog, load, missingStretch, startsWithoutMark } from './load.ts'
import {
  type Observer,
  type OutboxEntry,
  type Publisher,
  type Slot,
  type Snapshot,
  type StateStore,
  Unavailable,
  type Waiting,
} from './ports.ts'
import { publish } from './publish.ts'
import { type KafkaEvent, type PartitionBatch, receive, waves } from './receive.ts'
import { type BatchResponse, type PartitionResult, respond } from './respond.ts'
import { settle } from './settle.ts'

export interface Ports {
  readonly store: StateStore
  readonly publisher: Publisher
  readonly observer: Observer
}

/** What the invocation allows. */
export interface Invocation {
  readonly remainingMs: () => number
  /** Whether the event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
}

/** How often a wave is decided again after another invocation was faster. */
const ATTEMPTS = 3

/** Processes the batch, its partitions side by side; rejects only where the mapping cannot be told what failed. */
export async function consume(
  consumer: Consumer,
  ports: Ports,
  event: KafkaEvent,
  invocation: Invocation,
): Promise<BatchResponse> {
  const partitions = receive(event).map(batch => consumePartition(consumer, ports, batch, invocation))
  return respond(await Promise.all(partitions), invocation.partialResponses)
}

async function consumePartition(
  consumer: Consumer,
  ports: Ports,
  batch: PartitionBatch,
  { remainingMs }: Invocation,
): Promise<PartitionResult> {
  const slot: Slot = { consumer: consumer.process.name, topic: batch.topic, partition: batch.partition }
  for (const wave of waves(batch.records)) {
    const held =
      remainingMs() < consumer.reserveMs ? 'out-of-time' : await consumeWave(consumer, ports, slot, wave)
    if (held === undefined) continue
    // The whole wave again: what of it is decided lies at or below the mark by then.
    const waiting = {
      fromOffset: (wave[0] as LogRecord).offset,
      ...(typeof held === 'string' ? { reason: held } : held),
    }
    ports.observer.waiting(slot, waiting)
    return { batch, waitsFrom: waiting.fromOffset }
  }
  return { batch }
}

type Held = Omit<Waiting, 'fromOffset'>

/** Undefined when the wave is decided and published; otherwise why it must wait. */
async function consumeWave(
  consumer: Consumer,
  ports: Ports,
  slot: Slot,
  wave: readonly LogRecord[],
): Promise<Held | string | undefined> {
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const outcome = await decideWave(consumer, ports, slot, wave)
      if (outcome === 'another-log') return outcome
      if (outcome === 'refused') continue
      if (outcome.length > 0) await emit(consumer, ports, slot, outcome)
      return undefined
    }
    return 'contended'
  } catch (error) {
    return { reason: error instanceof Unavailable ? error.code : 'unexpected-error', error }
  }
}

/** Load, apply, commit. The result is what the outbox now holds, in order: only that may be published. */
async function decideWave(
  consumer: Consumer,
  { store, observer }: Ports,
  slot: Slot,
  wave: readonly LogRecord[],
): Promise<readonly OutboxEntry[] | 'refused' | 'another-log'> {
  const decoded = wave.map(record => decode(record, consumer))
  const snapshot = await load(store, slot, decoded, consumer.idWindowMs)
  if (fromAnotherLog(snapshot, wave)) return 'another-log'
  const fresh = decoded.filter(({ record }) => record.offset > snapshot.version.mark)
  const redelivered = decoded.length - fresh.length
  if (redelivered > 0) observer.redelivered(slot, redelivered)
  if (fresh.length === 0) return snapshot.outbox
  reportGap(observer, slot, snapshot, (fresh[0] as Decoded).record)
  const { decisions, change } = apply(consumer, snapshot, fresh)
  if (!(await commit(store, slot, change))) return 'refused'
  observer.decided(slot, decisions)
  // The commit compared the version, so nobody has put anything else into the outbox in between; what was left over
  // from before goes first.
  return [...snapshot.outbox, ...change.outbox]
}

function reportGap(observer: Observer, slot: Slot, snapshot: Snapshot, first: LogRecord): void {
  const stretch = missingStretch(snapshot, first)
  if (stretch) observer.stretchMissing(slot, stretch)
  if (startsWithoutMark(snapshot, first)) observer.startsWithoutMark(slot, first.offset)
}

/** Publish, then settle: a settle that fails leaves entries that the next batch publishes once more. */
async function emit(
  consumer: Consumer,
  { publisher, store, observer }: Ports,
  slot: Slot,
  entries: readonly OutboxEntry[],
): Promise<void> {
  await publish(publisher, consumer, entries)
  try {
    await settle(store, slot, entries)
  } catch (error) {
    observer.unsettled(slot, entries.length, error)
  }
}
