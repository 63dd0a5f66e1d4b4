/** The newest batches of partitions, from brokers whose responses are cut off at a limit. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BatchesFrom, BatchHead, FetchedBatches } from '@sluice/kafka-records/requests'
import { readToEnds } from '../../../adapters/kafka/newest-batches.ts'

const LIMIT = 1_000

interface Written {
  readonly bytes: number
  readonly isControl?: boolean
}

/** A broker whose partitions have batches of one record each. Only the first partition of a request gets a batch above the limit. */
function broker(logs: readonly (readonly Written[])[]) {
  const requests: number[][] = []
  const ask = async (from: readonly BatchesFrom[]): Promise<FetchedBatches[]> => {
    const partitions = from.flatMap(start => start.partitions)
    requests.push(partitions.map(({ offset }) => offset))
    return partitions.map(({ partition, offset }, index) => {
      const rest = (logs[partition] ?? []).slice(offset).map((written, at) => head(offset + at, written))
      let space = LIMIT
      const fit = rest.filter(({ bytes }, at) => {
        space -= bytes
        return space >= 0 || (at === 0 && index === 0)
      })
      return { topic: 't', partition, errorCode: 0, batches: fit }
    })
  }
  const newest = async () => {
    const bounds = new Map([['t', logs.map(({ length: end }) => ({ start: 0, end }))]])
    const found = await readToEnds([{ topic: 't', partitions: [...logs.keys()] }], bounds, ask)
    return Object.fromEntries(found.map(({ partition, batches }) => [partition, batches.at(-1)?.lastOffset]))
  }
  return { newest, requests }
}

function head(offset: number, { bytes, isControl = false }: Written): BatchHead {
  const log = { codec: 0, isLogAppendTime: true, maxTimestampMs: offset, recordCount: 1, producerId: -1 }
  return { ...log, baseOffset: offset, lastOffset: offset, isControl, bytes }
}

const records = (count: number, bytes: number) => Array.from({ length: count }, () => ({ bytes }))

describe('the newest batches of a partition', () => {
  it('given that they fit into a response, then one request reads them', async () => {
    const { newest, requests } = broker([records(600, 1), []])
    assert.deepEqual([await newest(), requests], [{ 0: 599, 1: undefined }, [[100, 0]]])
  })

  // Promise docs/doctor.md#the-checks
  it('given that they exceed it, then the last batch is read alone', async () => {
    const { newest, requests } = broker([records(600, 10), records(600, 900), records(3, 1)])
    assert.deepEqual(await newest(), { 0: 599, 1: 599, 2: 2 })
    assert.deepEqual(requests, [[100, 100, 0], [599], [599]])
  })

  it('given batches above the limit in several partitions, then each is read', async () => {
    const { newest } = broker([records(9, 5_000), records(9, 5_000), records(9, 5_000)])
    assert.deepEqual(await newest(), { 0: 8, 1: 8, 2: 8 })
  })

  it('given no record at its end, then the partition is unknown', async () => {
    const cut = broker([
      [...records(500, 10), { bytes: 1, isControl: true }, { bytes: 999, isControl: true }],
    ])
    assert.deepEqual(await cut.newest(), {})
  })

  it('given an error of a partition, then it is thrown', async () => {
    const refusal = { topic: 't', partition: 0, errorCode: 29, batches: [] }
    await assert.rejects(
      readToEnds([], new Map(), async () => [refusal]),
      { type: 'TOPIC_AUTHORIZATION_FAILED' },
    )
  })
})
