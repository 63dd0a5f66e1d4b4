/** How many partitions of a batch have records from the log in memory at once. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { READS_AT_ONCE } from '../../../pipeline/log/partition-log.ts'
import type { LogReader, StateStore } from '../../../pipeline/ports.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { kafkaEvent, logRecord, environmentReading as reading } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const PARTITIONS = Array.from({ length: 12 }, (_, partition) => partition)
const LAST = 9
/** One read returns fewer records than are missing. */
const FETCH_RECORDS = 4

const LOG = PARTITIONS.flatMap(partition =>
  Array.from({ length: LAST + 1 }, (_, offset) => readingAt(partition, offset)),
)
/** Only the last record of each partition is delivered: all others must be read from the log. */
const DELIVERED = LOG.filter(({ offset }) => offset === LAST)

function readingAt(partition: number, offset: number): LogRecord {
  return logRecord(offset, reading(`r${partition}-${offset}`, { sensor: `s-${partition}` }), { partition })
}

/**
 * Counts the partitions that have undecided records from the log. A read counts from its start. A read of one record only
 * compares the log with the state, and keeps nothing.
 */
class Watched {
  readonly log: LogReader
  readonly store: StateStore
  most = 0
  /** Partitions that were left, and whether all that was read of them was decided by then. */
  readonly left: [partition: number, isDecided: boolean][] = []
  readonly #holding = new Map<number, number>()

  constructor(log: LogReader, store: StateStore) {
    this.log = {
      read: async (topic, partition, range) => {
        const before = this.#holding.get(partition)
        this.#holding.set(partition, Number.POSITIVE_INFINITY)
        this.most = Math.max(this.most, this.#holding.size)
        try {
          const looked = await log.read(topic, partition, range)
          const isCheck = range.fromOffset === range.toOffset
          const keptTo = isCheck ? before : looked.nextOffset - 1
          if (keptTo === undefined) this.#holding.delete(partition)
          else this.#holding.set(partition, keptTo)
          return looked
        } catch (error) {
          this.#holding.delete(partition)
          throw error
        }
      },
    }
    this.log.leave = (_topic, partition) => {
      this.left.push([partition, !this.#holding.has(partition)])
    }
    this.store = {
      load: (...args) => store.load(...args),
      trimOutbox: (...args) => store.trimOutbox(...args),
      commit: async (stateKey, change) => {
        const answer = await store.commit(stateKey, change)
        const toOffset = this.#holding.get(stateKey.partition)
        if (toOffset !== undefined && change.appliedOffset >= toOffset)
          this.#holding.delete(stateKey.partition)
        return answer
      },
    }
  }
}

function given(fetch: LogReader = new MemoryLogReader(LOG, FETCH_RECORDS)) {
  const stage = new Stage()
  const watched = new Watched(fetch, stage.store)
  const { log, store } = watched
  return { stage, watched, ports: { log, store } }
}

async function listDecided(stage: Stage): Promise<unknown[]> {
  const states = PARTITIONS.map(partition => stage.state(`/environment/test-site s-${partition}`, partition))
  return Promise.all(states)
}

describe('reads of the log, by twelve partitions of a batch', () => {
  // Promise docs/guarantees.md#the-memory-of-a-function | Few partitions of an invocation have records from the log in memory at once.
  it('given that each must read its log, then few have records from it at once, and all are decided', async () => {
    const { stage, watched, ports } = given()
    assert.deepEqual(await stage.consume(kafkaEvent(DELIVERED), { ports }), { batchItemFailures: [] })
    assert.equal(watched.most, READS_AT_ONCE)
    assert.deepEqual(
      watched.left.toSorted(([a], [b]) => a - b),
      PARTITIONS.map(partition => [partition, true]),
    )
    assert.deepEqual(
      await listDecided(stage),
      PARTITIONS.map(() => ({ count: LAST + 1 })),
    )
  })

  it('given that the time is up when a turn comes, then that partition waits without reading', async () => {
    const whole = new MemoryLogReader(LOG)
    let reads = 0
    const { stage, ports } = given({
      read: async (...range) => {
        reads += 1
        return whole.read(...range)
      },
    })
    const remainingMs = () => (reads < READS_AT_ONCE ? 60_000 : 0)
    const { batchItemFailures } = await stage.consume(kafkaEvent(DELIVERED), { ports, remainingMs })
    assert.equal(reads, READS_AT_ONCE)
    assert.equal(batchItemFailures.length, PARTITIONS.length)
    assert.deepEqual(new Set(stage.observer.waits.map(({ reason }) => reason)), new Set(['out-of-time']))
  })
})
