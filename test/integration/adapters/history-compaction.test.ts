import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { S3HistoryStore } from '../../../lib/app/aws/history-bucket.ts'
import { type CompactionProblem, compactHistory } from '../../../lib/history/compact.ts'
import { DELETED_AFTER_MS } from '../../../lib/history/compaction.ts'
import { decodeColumns } from '../../../lib/history/parquet.ts'
import { objectBytes, slicesOf } from '../../../lib/history/read.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../../localstack/resources.ts'
import { writePart } from '../../support/memory-history.ts'
import { awsEndpoint } from '../../support/servers.ts'

Object.assign(process.env, LOCAL_AWS_ENVIRONMENT, { AWS_ENDPOINT_URL: awsEndpoint() })
const bucket = `history-${randomUUID()}`
const s3 = new S3Client({ forcePathStyle: true })
const store = new S3HistoryStore({ bucket, pathStyle: true })
const DAY_MS = 86_400_000
const NOON_MS = Date.parse('2026-03-01T12:00:00Z')

before(async () => {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }))
})
after(() => {
  store.close()
  s3.destroy()
})

async function keysIn(prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

async function offsets(): Promise<number[]> {
  const all: number[] = []
  for (const { slices } of await slicesOf(store, { table: 'alerts' }))
    for (const { object, fromOffset, toOffset } of slices) {
      const { values } = await decodeColumns(await objectBytes(store, object.key), { names: ['offset'] })
      all.push(...(values.offset as number[]).filter(offset => offset >= fromOffset && offset <= toOffset))
    }
  return all
}

describe('a history in S3', () => {
  it('given more parts than a page lists, then they are compacted, and deleted later, each row once', async () => {
    const parts = Array.from({ length: 1_050 }, (_, index) => ({
      firstOffset: index * 2,
      lastOffset: index * 2 + 1,
      atMs: index < 1_049 ? NOON_MS : NOON_MS + DAY_MS,
    }))
    for (let from = 0; from < parts.length; from += 50)
      await Promise.all(parts.slice(from, from + 50).map(part => writePart(store, part)))
    await store.put('alerts/parts/notes.txt', Buffer.from('mine'))
    const expected = Array.from({ length: 2_100 }, (_, offset) => offset)
    assert.deepEqual(await offsets(), expected)

    let nowMs = Date.now()
    const problems: CompactionProblem[] = []
    const compact = () =>
      compactHistory(store, {
        retention: {},
        limits: { rows: 1_000, bytes: 100_000_000 },
        nowMs: () => nowMs,
        hasTime: () => true,
        report: problem => problems.push(problem),
      })
    const first = await compact()
    assert.deepEqual([first.compacted, first.merged, first.superseded], [3, 1_049, 0])
    assert.deepEqual(await offsets(), expected)
    nowMs += DELETED_AFTER_MS + 60_000
    assert.equal((await compact()).superseded, 0, 'the frontier has moved just now')
    nowMs += DELETED_AFTER_MS
    const last = await compact()
    assert.deepEqual([last.compacted, last.superseded, last.finished], [0, 1_049, true])
    assert.deepEqual(await offsets(), expected)
    assert.equal((await keysIn('alerts/compacted/')).length, 3)
    assert.equal((await keysIn('alerts/parts/')).length, 2)
    assert.deepEqual(
      problems.map(one => 'key' in one && one.key),
      new Array(3).fill('alerts/parts/notes.txt'),
    )
  })
})
