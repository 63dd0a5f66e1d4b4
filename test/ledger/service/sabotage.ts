/** Breaks rules of the runtime, to test that the ledger finds it. It is not part of any deployment. */

import type { OutgoingRecord, RecordHeader } from '#runtime/cloudevents'
import { KafkaLogReader } from '#runtime/operating/kafka'
import {
  EMPTY_SELECTION,
  RememberedFailures,
  readRedriveTarget,
  SegmentCutter,
  TimerQueue,
} from '#runtime/test/support/inside'
import { KafkaPublisher } from '#runtime/test/support/inside-kafka'
import { RedisForwardCursors, RedisStateStore } from '#runtime/test/support/inside-redis'

/** Each sabotage switches off the rule that it is named after. */
const SABOTAGES: Readonly<Record<string, () => void>> = {
  /** The comparison of the applied offset: every commit succeeds. */
  'applied-offset'() {
    const { commit, load } = RedisStateStore.prototype
    RedisStateStore.prototype.commit = async function (stateKey, change) {
      const { version } = await load.call(this, stateKey, EMPTY_SELECTION)
      return commit.call(this, stateKey, { ...change, base: version })
    }
  },
  /** The check of ids: no id is known. */
  ids: () => onLoad(snapshot => ({ ...snapshot, known: new Map() })),
  /** The outbox: entries left by an earlier invocation are not published. */
  outbox: () => onLoad(snapshot => ({ ...snapshot, outbox: [] })),
  /** The reading of a missing range: it seems to be empty. */
  gap() {
    KafkaLogReader.prototype.read = async (_topic, _partition, { toOffset }) => ({
      records: [],
      nextOffset: toOffset + 1,
      logStart: 0,
    })
  },
  /** The stop at the first deferred record: see `unreported`. */
  stop() {},
  /** The order of timers: if several are due, the second fires first. */
  timers() {
    const { findPassed } = TimerQueue.prototype
    TimerQueue.prototype.findPassed = function (nowMs) {
      const first = findPassed.call(this, nowMs)
      if (first === undefined || first === 'not-loaded') return first
      this.cancel(first.entity, first.timer.name)
      const second = findPassed.call(this, nowMs)
      this.set(first.entity, first.timer)
      return second === undefined || second === 'not-loaded' ? first : second
    }
  },
  /** The rule that the log says where a segment ends: each batch ends one. */
  segments() {
    SegmentCutter.prototype.complete = ({ length }) => (length > 0 ? length : undefined)
  },
  /** The rows of the history: see `movers.ts`. */
  'history-lost'() {},
  'history-doubled'() {},
  'history-changed'() {},
  /** The cursor of a forwarder, which moves past the next record. */
  cursor() {
    const { advance } = RedisForwardCursors.prototype
    RedisForwardCursors.prototype.advance = function (stateKey, from, to) {
      return advance.call(this, stateKey, from, { ...to, next: to.next + 1 })
    }
  },
  /** The delay of the retry topics: see `consumers.ts`. */
  'retry-early'() {},
  /** The publishing of readings of the input: some are passed over. */
  'intake-lost'() {
    let mapped = 0
    onPublish(records => records.filter(record => !isMapped(record) || ++mapped % 10 > 0))
  },
  /** The publishing of readings of the input: some are published once more, with another id. */
  'intake-doubled'() {
    let mapped = 0
    const again = ([name, value]: RecordHeader<Buffer | null>) =>
      [name, name === 'ce_id' ? Buffer.from(`${value}-again`) : value] as const
    onPublish(records =>
      records.flatMap(record =>
        isMapped(record) && ++mapped % 10 === 5
          ? [record, { ...record, headers: record.headers.map(again) }]
          : [record],
      ),
    )
  },
  /** The publishing of redriven records: some are passed over. */
  'redrive-lost'() {
    let redriven = 0
    onPublish(records => records.filter(record => !readRedriveTarget(record) || ++redriven % 3 > 0))
  },
  /** The order of redriven records. */
  'redrive-order'() {
    onPublish(records => (records.every(readRedriveTarget) ? records.toReversed() : records))
  },
  /** The memory of attempts: a second copy of one is another attempt. */
  attempts() {
    const { remember } = RememberedFailures.prototype
    RememberedFailures.prototype.remember = function (failure) {
      if (failure.isOpen) remember.call(this, failure)
    }
  },
}

const CHOSEN = (process.env.LEDGER_SABOTAGE ?? '').split(',')

export function isBroken(name: string): boolean {
  return CHOSEN.includes(name)
}

export function breakRules(): void {
  for (const name of CHOSEN) SABOTAGES[name]?.()
}

/** Wraps a handler so that it reports success to the mapping even if records were deferred. */
export function unreported<A extends unknown[]>(handler: (...args: A) => Promise<unknown>) {
  return async (...args: A) => {
    await handler(...args)
    return { batchItemFailures: [] }
  }
}

type Snapshot = Awaited<ReturnType<RedisStateStore['load']>>

function isMapped({ topic, headers }: OutgoingRecord): boolean {
  return (
    topic.includes('.readings.') &&
    headers.some(([name, value]) => name === 'ce_origin' && String(value).startsWith('intake:'))
  )
}

function onPublish(change: (records: readonly OutgoingRecord[]) => readonly OutgoingRecord[]): void {
  const { publish } = KafkaPublisher.prototype
  KafkaPublisher.prototype.publish = function (records) {
    return publish.call(this, change(records))
  }
}

function onLoad(change: (snapshot: Snapshot) => Snapshot): void {
  const { load } = RedisStateStore.prototype
  RedisStateStore.prototype.load = async function (...args) {
    return change(await load.apply(this, args))
  }
}
