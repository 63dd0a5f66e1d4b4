import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TopicOffsets } from '#runtime/operating/kafka'
import { describeWaiting } from '../../../../control/diagnosis/waiting.ts'
import type { Environment } from '../../../../control/questions/environment.ts'
import { LagReader, MAX_AGES } from '../../../../control/questions/lag-reader.ts'

const AT_MS = 1_000_000

/** A reader of consumers, each of a topic with these ends of partitions. Each record was written 30 s before `AT_MS`. */
function given(ends: Readonly<Record<string, readonly number[]>>, { windowS = 0, committed = [0] } = {}) {
  const reads: string[] = []
  const consumers = Object.keys(ends).map(topic => ({ function: `of-${topic}`, topic, group: topic }))
  const log = {
    async read(topic: string, partition: number) {
      reads.push(`${topic}/${partition}`)
      return { records: [{ timestampMs: AT_MS - 30_000 }], nextOffset: 1 }
    },
  }
  const environment = {
    consumers,
    functions: consumers.map(({ function: name }) => ({
      name,
      reading: { maximumBatchingWindow: windowS },
    })),
    connections: { register: <T>(one: T) => one },
    kafka: async () => ({}),
    log: async () => log,
    topic: (signal: string) => signal,
    findSignal: (topic: string) => (topic === 'presses' ? undefined : topic),
  }
  const offsets = {
    bounds: async (topic: string) => (ends[topic] ?? []).map(end => ({ start: 0, end })),
    fetchCommitted: async () => committed,
  }
  const reader = new LagReader(
    environment as unknown as Environment,
    () => offsets as unknown as TopicOffsets,
  )
  const read = async (nowMs: number) =>
    (await reader.read(nowMs)).lags.map(({ topic, pending, waitingMs }) => [topic, pending, waitingMs])
  return { reads, read, committed }
}

describe('how long records wait', () => {
  it('given records of Sluice, then they wait since they were written, without the time for a full batch', async () => {
    const { read } = given({ readings: [4, 0], alerts: [0] }, { windowS: 20 })
    assert.deepEqual(await read(AT_MS), [
      ['readings', 4, 10_000],
      ['alerts', 0, 0],
    ])
  })

  it('given an input, whose times are those of others, then its records wait since they were seen, if not at the first look', async () => {
    const { read, committed } = given({ presses: [9] })
    assert.deepEqual(await Promise.all([read(AT_MS), read(AT_MS + 1)]), [
      [['presses', 9, null]],
      [['presses', 9, null]],
    ])
    assert.deepEqual(await read(AT_MS + 60_000), [['presses', 9, 60_000]])
    committed[0] = 3
    assert.deepEqual(await read(AT_MS + 90_000), [['presses', 6, 0]])
  })

  it('given many partitions, then each consumer has its share of the reads, and none is read twice', async () => {
    const { read, reads } = given({ readings: Array.from({ length: 80 }, () => 9), alerts: [1] })
    assert.deepEqual(await read(AT_MS), [
      ['readings', 720, 30_000],
      ['alerts', 1, 30_000],
    ])
    assert.deepEqual([reads.length, reads.filter(place => place === 'alerts/0').length], [MAX_AGES, 1])
    await read(AT_MS)
    assert.deepEqual([reads.length, new Set(reads).size], [81, 81])
  })

  it('given what waits, then a note names the longest three, and counts the others', () => {
    const of = (name: string, pending: number, waitingMs: number | null) => {
      return { function: name, topic: name, group: name, pending, waitingMs }
    }
    assert.deepEqual(describeWaiting([of('a', 5, 4_000), of('b', 0, 0)]), [])
    const all = [
      of('a', 1, 60_000),
      of('b', 2, null),
      of('c', 3, 90_000),
      of('c', 4, 10_000),
      of('d', 5, 7_000),
    ]
    assert.deepEqual(describeWaiting(all), [
      'Nothing so far, but not everything has been read: 7 records wait at c, for 1 min 30 s; 1 record waits at a, for 1 min; 5 records wait at d, for 7 s; and 1 other consumer.',
    ])
  })
})
