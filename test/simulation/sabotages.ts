/** Rules that are broken on purpose, one at a time, to prove that the simulation finds a violation of each. */
import type { OutgoingRecord, RecordHeader } from '#runtime/cloudevents'
import type { SegmentSink } from '#runtime/consumer'
import {
  EMPTY_SELECTION,
  type PlayedConsumer,
  RememberedFailures,
  readRedriveTarget,
  SegmentCutter,
  type Simulation,
  type StateStore,
  TimerQueue,
} from '#runtime/test/support/inside'
import type { Sabotage } from './sluice.ts'

type Snapshot = Awaited<ReturnType<StateStore['load']>>

export const SABOTAGES = {
  /** The comparison of the applied offset: every commit succeeds. */
  'applied-offset': onStore('processor', store => ({
    commit: async (stateKey, change) => {
      const { version } = await store.load(stateKey, EMPTY_SELECTION)
      return store.commit(stateKey, { ...change, base: version })
    },
  })),
  /** The check of ids: no id is known. */
  ids: onLoad('processor', snapshot => ({ ...snapshot, known: new Map() })),
  /** The outbox: entries that an earlier invocation has left are not published. */
  outbox: onLoad('activity', snapshot => ({ ...snapshot, outbox: [] })),
  /** The removal from the outbox: nothing is removed. */
  trim: onStore('alerting', () => ({ trimOutbox: async () => {} })),
  /** The reading of a missing range: it seems to be empty. */
  gap: {
    change(simulation) {
      const createPorts = simulation.createPorts.bind(simulation)
      const read = async (
        _topic: string,
        _partition: number,
        { toOffset }: { readonly toOffset: number },
      ) => ({
        ...{ records: [], nextOffset: toOffset + 1, logStart: 0 },
      })
      simulation.createPorts = who => {
        const ports = createPorts(who)
        return who === 'processor' ? { ...ports, log: { ...ports.log, read } } : ports
      }
    },
  },
  /** The order of timers: if several are due, the second fires first. */
  timers: {
    breakEngine: () => {
      const { findPassed } = TimerQueue.prototype
      TimerQueue.prototype.findPassed = function (nowMs) {
        const first = findPassed.call(this, nowMs)
        if (first === undefined || first === 'not-loaded') return first
        this.cancel(first.entity, first.timer.name)
        const second = findPassed.call(this, nowMs)
        this.set(first.entity, first.timer)
        return second === undefined || second === 'not-loaded' ? first : second
      }
      return () => Object.assign(TimerQueue.prototype, { findPassed })
    },
  },
  /** The rule that the log says where a segment ends: each batch ends one. */
  segments: {
    breakEngine: () => {
      const { complete } = SegmentCutter.prototype
      SegmentCutter.prototype.complete = ({ length }) => (length > 0 ? length : undefined)
      return () => Object.assign(SegmentCutter.prototype, { complete })
    },
  },
  /** The records of the history: some are left out, written twice, or changed. */
  'history-lost': onSegments(records => records.filter(({ offset }) => offset % 50 !== 9)),
  'history-doubled': onSegments(records =>
    records.flatMap(own => (own.offset % 50 === 14 ? [own, own] : [own])),
  ),
  'history-changed': onSegments(records =>
    records.map(own => (own.offset % 50 === 19 ? { ...own, value: Buffer.from('{}') } : own)),
  ),
  /** The cursor of the redriver, which moves past the next record. */
  cursor: {
    change(simulation) {
      const { cursors } = simulation
      const advance = cursors.advance.bind(cursors)
      cursors.advance = (stateKey, from, to) => advance(stateKey, from, { ...to, next: to.next + 1 })
    },
  },
  /** The delay of the retry topics. */
  'retry-early': { redriverDelayMs: 0 },
  /** The readings of the input: some are not published, or published once more with another id. */
  'intake-lost': onPublish('intake', records => records.filter((_, index) => index % 5 !== 1)),
  'intake-doubled': onPublish('intake', records =>
    records.flatMap((record, index) => (index % 5 === 1 ? [record, withOtherId(record)] : [record])),
  ),
  /** The redriven records: some are not published, or in another order. */
  'redrive-lost': onPublish('redriver', records =>
    records.filter((record, index) => !readRedriveTarget(record) || index % 3 !== 0),
  ),
  'redrive-order': onPublish('redriver', records => records.toReversed()),
  /** The memory of attempts: a second copy of one is another attempt. */
  attempts: {
    breakEngine: () => {
      const { remember } = RememberedFailures.prototype
      RememberedFailures.prototype.remember = function (failure) {
        if (failure.isOpen) remember.call(this, failure)
      }
      return () => Object.assign(RememberedFailures.prototype, { remember })
    },
  },
  /** The rows of the database: some are not written. */
  'storage-lost': onProcess('storage', (_, index) => index % 7 !== 3),
  /** The notifications: some are reported as delivered although nothing was sent. */
  'notification-lost': onProcess('deliver', (_, index) => index % 3 !== 0),
} satisfies Readonly<Record<string, Sabotage>>

function onStore(consumer: string, change: (store: StateStore) => Partial<StateStore>): Sabotage {
  return {
    adapt: (name, played, { store }) => {
      if (name !== consumer) return played
      const own: StateStore = {
        load: (...given) => store.load(...given),
        commit: (...given) => store.commit(...given),
        trimOutbox: (...given) => store.trimOutbox(...given),
      }
      return { ...played, store: { ...own, ...change(own) } }
    },
  }
}

function onLoad(consumer: string, change: (snapshot: Snapshot) => Snapshot): Sabotage {
  return onStore(consumer, store => ({ load: async (...given) => change(await store.load(...given)) }))
}

function onPublish(
  function_: string,
  change: (records: readonly OutgoingRecord[]) => readonly OutgoingRecord[],
): Sabotage {
  return {
    change(simulation: Simulation) {
      const createPublisher = simulation.createPublisher.bind(simulation)
      simulation.createPublisher = (who, ...given) => {
        const publisher = createPublisher(who, ...given)
        if (who !== function_) return publisher
        return { ...publisher, publish: records => publisher.publish(change(records)) }
      }
    },
  }
}

function withOtherId(record: OutgoingRecord): OutgoingRecord {
  const other = ([name, value]: RecordHeader<Buffer | null>) =>
    [name, name === 'ce_id' ? Buffer.from(`${value}-again`) : value] as const
  return { ...record, headers: record.headers.map(other) }
}

type Records = Parameters<SegmentSink['write']>[0]['records']

function onSegments(change: (records: Records) => Records): Sabotage {
  return {
    adapt: (name, played) =>
      name !== 'archiver'
        ? played
        : withProcess<SegmentSink>(played, process => ({
            ...process,
            write: segment => process.write({ ...segment, records: change(segment.records) }),
          })),
  }
}

/** A sink whose receiver gets only some of the events. */
function onProcess(consumer: string, isSent: (delivery: unknown, index: number) => boolean): Sabotage {
  return {
    adapt(name, played) {
      if (name !== consumer) return played
      let count = 0
      return withProcess<{
        deliver: (deliveries: readonly unknown[], ...more: never[]) => Promise<unknown[]>
      }>(played, process => ({
        ...process,
        async deliver(deliveries, ...more) {
          const sent = deliveries.filter(delivery => isSent(delivery, count++))
          const answers = new Map(sent.map((delivery, index) => [delivery, index]))
          const outcomes = sent.length > 0 ? await process.deliver(sent, ...more) : []
          return deliveries.map(
            delivery => outcomes[answers.get(delivery) ?? -1] ?? { kind: 'delivered', reason: 'delivered' },
          )
        },
      }))
    },
  }
}

function withProcess<P>(played: PlayedConsumer, change: (process: P) => P): PlayedConsumer {
  const [first, ...others] = played.codes.map(code => ({
    ...code,
    process: change(code.process as P) as never,
  }))
  return { ...played, codes: [first as PlayedConsumer['codes'][0], ...others] }
}
