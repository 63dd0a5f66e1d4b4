import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeyFinder } from '../../../lib/operations/grow/keys.ts'
import { entityErased } from '../../../lib/telemetry/erasure.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { partitionOf } from '../../../packages/runtime/consumer/murmur2.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { environmentReading as reading, logRecord as record, TOPIC } from '../../support/records.ts'

const PARTITIONS = 3
const home = (key: string) => partitionOf(Buffer.from(key), PARTITIONS)
const entityOf = (sensor: string) => `/environment/test-site ${sensor}`

/** A record of a sensor in the partition of its own name, whatever its key is. */
function of(offset: number, sensor: string, key: string | null = sensor): LogRecord {
  const plain = record(offset, reading(`r${offset}`, { sensor }), { partition: home(sensor) })
  return { ...plain, key: key === null ? null : Buffer.from(key) }
}

async function found(
  log: readonly LogRecord[],
  sensor: string,
  start = 0,
): Promise<string | null | undefined> {
  const finder = new KeyFinder(new MemoryLogReader([...log]), TOPIC, PARTITIONS)
  const bounds = { start, end: (log.at(-1)?.offset ?? -1) + 1 }
  await finder.learn(home(sensor), new Set([entityOf(sensor)]), bounds)
  const key = finder.keyOf(home(sensor), entityOf(sensor))
  return key === null ? null : key?.toString()
}

/** Another key of the same partition. */
const same = (sensor: string) =>
  Array.from({ length: 50 }, (_, number) => `k${number}`).find(key => home(key) === home(sensor)) as string

describe('the keys of entities, before a topic grows', () => {
  it('given records, then the key of the newest, however far back it is', async () => {
    const log = [of(0, 's-1', 'old'), of(1, 's-1', same('s-1'))]
    assert.equal(await found(log, 's-1'), same('s-1'))
    const far = record(9_000, tick(0, '2026-03-01T12:00:00Z'), { partition: home('s-1') })
    assert.equal(await found([...log, far], 's-1'), same('s-1'))
  })

  it('given a newer record of another partition, then the older one that belongs here counts', async () => {
    const stray = ['a', 'b', 'c', 'd'].find(key => home(key) !== home('s-1')) as string
    assert.equal(await found([of(0, 's-1', same('s-1')), of(1, 's-1', stray)], 's-1'), same('s-1'))
    assert.equal(await found([of(1, 's-1', stray)], 's-1'), stray)
  })

  it('given records without a key, then the entity has none, and the clock never has one', async () => {
    assert.equal(await found([of(0, 's-1', null)], 's-1'), null)
    const finder = new KeyFinder(new MemoryLogReader([]), TOPIC, PARTITIONS)
    assert.equal(finder.keyOf(0, '/clock '), null)
  })

  it('given one record without a key among others, then a record with a key counts, however far back', async () => {
    assert.equal(await found([of(0, 's-1'), of(1, 's-1', null)], 's-1'), 's-1')
    assert.equal(await found([of(0, 's-1', null), of(1, 's-1'), of(2, 's-1', null)], 's-1'), 's-1')
    assert.equal(await found([of(0, 's-1'), of(9_000, 's-1', null)], 's-1'), 's-1')
    const stray = ['a', 'b', 'c', 'd'].find(key => home(key) !== home('s-1')) as string
    assert.equal(await found([of(0, 's-1', stray), of(1, 's-1', null)], 's-1'), stray)
    assert.equal(await found([of(0, 's-1', null), of(1, 's-1', stray)], 's-1'), stray)
  })

  it('given no record of the entity, then the default key of its family, if it leads here', async () => {
    assert.equal(await found([], 's-1'), 's-1')
    const finder = new KeyFinder(new MemoryLogReader([]), TOPIC, PARTITIONS)
    assert.equal(finder.keyOf((home('s-1') + 1) % PARTITIONS, entityOf('s-1')), undefined)
    assert.equal(String(finder.keyOf(home('postgres:db-1'), '/database/postgres db-1')), 'postgres:db-1')
    assert.equal(String(finder.keyOf(home('a b'), '/device/a%20b d-1')), 'a b')
    assert.equal(finder.keyOf(0, '/somewhere/else x'), undefined)
  })

  it('given a tick and an erasure, then neither has a key', async () => {
    const partition = home('s-1')
    const of = { source: '/environment/test-site', subject: 's-1' }
    const erasure = { erasureId: 'e', requestedAt: '2026-03-01T12:00:00Z', partition }
    const erased = record(0, entityErased(of, erasure), { partition })
    const ticked = record(1, tick(partition, '2026-03-01T12:00:00Z'), { partition })
    assert.equal(await found([erased, ticked], 's-1'), 's-1')
  })
})
