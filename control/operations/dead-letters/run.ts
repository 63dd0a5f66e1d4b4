/** Redrives or drops dead letters: publishes their records in batches, and marks the dead letters of each batch as handled. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContentMode, estimateSize, type OutgoingRecord, toOutgoingRecord } from '#runtime/cloudevents'
import { instant } from '#runtime/consumer'
import type { RedisClient } from '#runtime/operating/redis'
import type { Publisher } from '#runtime/pipeline'
import type { DeadLettersHandled, HandledAction } from '../../../lib/failures/dlq-record.ts'
import { DEAD_LETTERS_HANDLED_TYPE } from '../../../lib/failures/event-types.ts'
import type { DeadLetterPlace } from '../../../lib/log/dead-letters.ts'
import { toDataschema } from '../../../lib/telemetry/index.ts'
import type { Config } from '../../environment/config.ts'
import { type EligibleLetter, readEligibleLetters } from './eligible-letters.ts'
import type { Handling } from './handling.ts'
import { ACTIONS, type Tally } from './result.ts'

/** Operator of a run, and the connection for writing. */
interface RunContext {
  readonly by: string
  /** Id of the run, as in its audit event. */
  readonly operation: string
  readonly config: Pick<Config, 'contentMode' | 'env'>
  readonly publisher: Publisher
}

/**
 * Redrives or drops the selected dead letters.
 *
 * @param tally counts what was done, also if the run ends with an error
 * @throws OperationFailure if a topic was recreated meanwhile; otherwise see `readRecords` and `Publisher.publish`
 */
export async function runHandling(handling: Handling, tally: Tally, context: RunContext): Promise<void> {
  const { request, letters, all, stop, nowMs, newId } = handling
  const { by, operation, config, publisher } = context
  const redis = await handling.connections.redis()
  await publishInBatches(
    readEligibleLetters(handling, tally, by),
    publisher,
    {
      operation,
      action: ACTIONS[request.command],
      by,
      dlqTopic: letters.topic,
      contentMode: config.contentMode,
    },
    {
      perSecond: request.perSecond,
      nowMs,
      wait: ms => sleep(ms, undefined, { signal: stop }).catch(() => {}),
      isStopped: () => stop.aborted,
    },
    (batch, publish) =>
      runExclusively(redis, `{dead-letters-lock:${config.env}}:value`, newId(), stop, async () => {
        const open = request.again ? batch : await all.findOpen(batch)
        tally.addLeftOut('handled', batch.length - open.length)
        if (open.length > 0) await publish(open)
      }),
    batch => {
      for (const { row } of batch) tally.addHandled(row)
    },
  )
}

/** Time after which others go on without a process that was killed within a batch, in milliseconds. */
const LOCK_MS = 30_000

/** Removes a lock that has this token. After its time, it may be the lock of another operation. */
const UNLOCK = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('UNLINK', KEYS[1])"

/** Runs work while no other operation handles a batch. Skips it if the signal is aborted first. @param token id of this work alone */
export async function runExclusively(
  redis: RedisClient,
  key: string,
  token: string,
  stop: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while ((await redis.run(commands => commands.set(key, token, 'PX', LOCK_MS, 'NX'))) === null) {
    if (stop.aborted) return
    await sleep(50)
  }
  // A lock that cannot be removed ends with its time.
  await work().finally(() => redis.run(commands => commands.eval(UNLOCK, 1, key, token)).catch(() => {}))
}

/** Maximum size of a batch, in bytes. It is less than the 900 KiB that the publisher sends as one batch. */
const MAX_BYTES = 800 * 1024
const MAX_RECORDS = 2_000
/** Interval between batches if the rate is limited, in milliseconds. */
const LIMITED_BATCH_MS = 250

export interface BatchRate {
  /** Maximum number of dead letters per second; undefined for no limit. */
  readonly perSecond: number | undefined
  readonly nowMs: () => number
  /** Waits. If the run is stopped, the wait ends early without an error. */
  readonly wait: (ms: number) => Promise<void>
  /** Returns whether the run must stop before the next batch. */
  readonly isStopped: () => boolean
}

/** Details of the records that mark dead letters as handled. */
interface HandledMark {
  readonly operation: string
  readonly action: HandledAction
  readonly by: string
  readonly dlqTopic: string
  readonly contentMode: ContentMode
}

/**
 * Publishes records in batches. After Kafka has acknowledged a batch, its dead letters are marked as handled. A dead letter that is
 * marked as handled was thus always published. After a crash, a record can be published again.
 *
 * @param claim calls `publish` with the dead letters of a batch that no other operation has handled or handles
 * @param acknowledged called with the dead letters of each batch after Kafka has acknowledged their records
 * @throws see `Publisher.publish`
 */
export async function publishInBatches<Letter extends Omit<EligibleLetter, 'row'>>(
  groups: AsyncIterable<readonly Letter[]>,
  publisher: Publisher,
  mark: HandledMark,
  pace: BatchRate,
  claim: (batch: readonly Letter[], publish: (own: readonly Letter[]) => Promise<void>) => Promise<void>,
  acknowledged: (batch: readonly Letter[]) => void,
): Promise<void> {
  const publish = async (own: readonly Letter[]) => {
    const records = own.flatMap(({ record }) => record ?? [])
    if (records.length > 0) await publisher.publish(records)
    acknowledged(own)
    await publisher.publish(buildHandledRecords(own, mark, pace.nowMs()))
  }
  let [dueMs, batchMs] = [0, 0]
  for await (const batch of splitBatches(groups, pace)) {
    const nowMs = pace.nowMs()
    // Time that was lost, for example by a long read, is not made up for. The consumer can only process records at the given rate.
    // If the clock was set back, the wait is short all the same.
    dueMs = Math.max(nowMs, Math.min(dueMs, nowMs + 2 * batchMs))
    if (dueMs > nowMs) await pace.wait(dueMs - nowMs)
    if (pace.isStopped()) return
    batchMs = (batch.length * 1000) / (pace.perSecond ?? Number.POSITIVE_INFINITY)
    dueMs += batchMs
    await claim(batch, publish)
  }
}

async function* splitBatches<Letter extends Omit<EligibleLetter, 'row'>>(
  groups: AsyncIterable<readonly Letter[]>,
  { perSecond = Number.POSITIVE_INFINITY, isStopped }: BatchRate,
): AsyncGenerator<readonly Letter[]> {
  const most = Math.max(1, Math.min(MAX_RECORDS, Math.floor((perSecond * LIMITED_BATCH_MS) / 1000)))
  let batch: Letter[] = []
  let bytes = 0
  for await (const group of groups) {
    for (const letter of group) {
      const size = letter.record ? estimateSize(letter.record) : 0
      if (batch.length > 0 && (batch.length >= most || bytes + size > MAX_BYTES)) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push(letter)
      bytes += size
    }
    if (isStopped()) break
  }
  if (batch.length > 0) yield batch
}

/** Returns the records that mark dead letters as handled, one for each partition. */
export function buildHandledRecords(
  places: readonly DeadLetterPlace[],
  { operation, action, by, dlqTopic, contentMode }: HandledMark,
  nowMs: number,
): OutgoingRecord[] {
  const at = instant(nowMs)
  return [...Map.groupBy(places, ({ partition }) => partition)].map(([partition, own]) => {
    const ranges: { from: number; to: number }[] = []
    for (const { offset } of own) {
      const last = ranges.at(-1)
      if (last?.to === offset - 1) last.to = offset
      else ranges.push({ from: offset, to: offset })
    }
    const data: DeadLettersHandled = { action, by, at, operation, ranges }
    const event = {
      id: `${operation}.${partition}.${ranges[0]?.from}`,
      source: '/operators',
      subject: by,
      type: DEAD_LETTERS_HANDLED_TYPE,
      time: at,
      datacontenttype: 'application/json',
      dataschema: toDataschema(DEAD_LETTERS_HANDLED_TYPE),
      data,
    }
    return { ...toOutgoingRecord(dlqTopic, null, event, contentMode), partition }
  })
}
