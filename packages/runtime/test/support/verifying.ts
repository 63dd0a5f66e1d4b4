/** Compares live states in memory with their log, like `sluice verify` does on servers. */
import { MemoryStateStore } from '../../adapters/memory/state-store.ts'
import type { LogRecord, OutgoingRecord } from '../../cloudevents/record.ts'
import type { Consumer } from '../../pipeline/consumer.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { LiveStates, Verifying } from '../../pipeline/verifying/both-states.ts'
import { computeBeginning } from '../../pipeline/verifying/comparability.ts'
import { type PartitionToVerify, type Verified, verify } from '../../pipeline/verifying/verify.ts'
import { MemoryLogReader } from '../../testing/memory-log-reader.ts'
import { MemoryReplaceableStates } from './memory-replaceable-states.ts'

interface VerifyStage {
  readonly consumer: Consumer
  readonly store: MemoryStateStore
  readonly states: readonly StateKey[]
  readonly log: readonly LogRecord[]
  readonly published: readonly OutgoingRecord[]
  /** First offset of the log, in each partition. */
  readonly logStart?: number
  readonly live?: Partial<LiveStates>
  /** Topics to which only this consumer writes. */
  readonly own?: readonly string[]
}

export async function verified(given: VerifyStage): Promise<Verified> {
  const { consumer, store, states, log, published, logStart = 0, own = [] } = given
  const written = publishedLog(published)
  const load = store.load.bind(store)
  const live = { ...new MemoryReplaceableStates(store), load, ...given.live }
  const work: Verifying = {
    consumer,
    live,
    log: new MemoryLogReader([...log.filter(({ offset }) => offset >= logStart), ...written]),
    memory: () => new MemoryStateStore(store),
    nowMs: () => 0,
    stop: new AbortController().signal,
    pause: async () => {},
    onRead: () => {},
  }
  const partitions: PartitionToVerify[] = []
  for (const stateKey of states) {
    const facts = await live.facts(stateKey)
    partitions.push({ stateKey, beginning: computeBeginning(facts, logStart) })
  }
  return verify(work, partitions, {
    own,
    ranges: async topics =>
      new Map(
        [...topics].map(topic => {
          const end = written.filter(record => record.topic === topic).length
          return [topic, [{ start: 0, end }]]
        }),
      ),
  })
}

/** Returns the published records as logs. Each topic has one partition. */
function publishedLog(published: readonly OutgoingRecord[]): LogRecord[] {
  const ends = new Map<string, number>()
  return published.map(({ topic, key, value, headers }) => {
    const offset = ends.get(topic) ?? 0
    ends.set(topic, offset + 1)
    return { topic, key, value, headers, partition: 0, offset, timestampMs: 0 }
  })
}
