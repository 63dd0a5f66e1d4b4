/** Publishes the outbox to Kafka in order, and removes the published entries. */

import { type CommitResult, ensureInOrder } from './commit.ts'
import { RecordRefused } from './errors.ts'
import { mustHold } from './invariants.ts'
import type { PartitionRun } from './invocation.ts'
import type { OutboxEntry } from './model/partition-state.ts'
import { createRefusedFailureRecord } from './outbox/failure-record.ts'
import { buildRecord, type Writing } from './outbox/outgoing-record.ts'
import type { Publisher } from './ports.ts'

/** Outboxes that all replicas have acknowledged. */
const acknowledged = new WeakSet<readonly OutboxEntry[]>()

/** Step 6: publishes the outbox. Failure records are published in the same way as emissions. */
export async function publishOutbox<C extends Pick<CommitResult, 'outbox'>>(
  { consumer, ports, stateKey }: Pick<PartitionRun, 'consumer' | 'ports' | 'stateKey'>,
  committed: C,
): Promise<C> {
  const { outbox } = committed
  if (outbox.length === 0) return committed
  ensureInOrder(outbox)
  const refused = await publish(ports.publisher, consumer, outbox, (entry, why) =>
    createRefusedFailureRecord(consumer, stateKey, entry, why),
  )
  acknowledged.add(outbox)
  if (refused.entries.length > 0)
    ports.report({ kind: 'refused', stateKey, entries: refused.entries, error: refused.error })
  const { deadLettersTopic } = consumer.application
  const deadLetters = outbox.filter(
    entry => entry.to === deadLettersTopic && !refused.entries.includes(entry),
  )
  if (deadLetters.length > 0) ports.report({ kind: 'dead-letters', stateKey, entries: deadLetters })
  return committed
}

/**
 * Step 7: removes published entries from the outbox. An error is reported, and defers the chunk: it is delivered again, published with
 * the same ids, and trimmed. The partition may have no later record that would do so.
 *
 * @throws errors of the store
 */
export async function trimPublished<C extends Pick<CommitResult, 'outbox'>>(
  { ports, stateKey }: PartitionRun,
  published: C,
): Promise<C> {
  const positions = published.outbox.map(({ position }) => position)
  if (positions.length === 0) return published
  mustHold(acknowledged.has(published.outbox), 'published-before-trimmed', () => `${positions[0]} is not`)
  try {
    await ports.store.trimOutbox(stateKey, positions)
  } catch (error) {
    ports.report({ kind: 'outbox-not-trimmed', stateKey, count: positions.length, error })
    throw error
  }
  return published
}

/**
 * Publishes entries of the outbox, and resolves when all replicas have them. Kafka may permanently refuse an entry, for example
 * after a change of the topic's settings. Such an entry must not block its partition, so the result of `createReplacement` is published
 * instead.
 *
 * @throws Unavailable if Kafka cannot be reached or may accept the records later
 * @throws RecordRefused if Kafka refuses a replacement too
 */
async function publish(
  publisher: Publisher,
  consumer: Writing,
  entries: readonly OutboxEntry[],
  createReplacement: (entry: OutboxEntry, why: string) => OutboxEntry,
): Promise<Refused<OutboxEntry>> {
  const send = async (some: readonly OutboxEntry[]) => {
    const offsets = await publisher.publish(some.map(entry => buildRecord(entry, consumer)))
    const count = Array.isArray(offsets) ? offsets.length : some.length
    mustHold(count >= some.length, 'all-are-acknowledged', () => `${count} of ${some.length} were`)
  }
  return sendInOrder(entries, send, (entry, { message }) => send([createReplacement(entry, message)]))
}

interface Refused<T> {
  readonly entries: readonly T[]
  readonly error?: RecordRefused
}

/**
 * Sends all entries at once. If Kafka permanently refuses a record, that record is found by bisection of the unwritten entries, and
 * passed to `replace`. The halves are sent one after the other, so that the first copies of all records are in order. A record may
 * be written twice, with identical copies.
 *
 * @throws errors of `send` and `replace`, except for a `RecordRefused` of `send`
 */
export async function sendInOrder<T>(
  entries: readonly T[],
  send: (some: readonly T[]) => Promise<unknown>,
  replace: (entry: T, error: RecordRefused) => Promise<unknown>,
): Promise<Refused<T>> {
  try {
    await send(entries)
    return { entries: [] }
  } catch (error) {
    if (!(error instanceof RecordRefused)) throw error
    const [first] = entries
    if (entries.length === 1 && first !== undefined) {
      await replace(first, error)
      return { entries, error }
    }
    const { unwritten = [] } = error
    if (unwritten.length > 0 && unwritten.length < entries.length) {
      const rest = unwritten.map(index => entries[index] as T)
      return { ...(await sendInOrder(rest, send, replace)), error }
    }
    const middle = entries.length >> 1
    const before = await sendInOrder(entries.slice(0, middle), send, replace)
    const after = await sendInOrder(entries.slice(middle), send, replace)
    return { entries: [...before.entries, ...after.entries], error }
  }
}
