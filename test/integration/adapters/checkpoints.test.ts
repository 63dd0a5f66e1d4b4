import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { LOCAL_AWS_ENVIRONMENT } from '../../../localstack/resources.ts'
import { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisPartitionStates } from '../../../packages/runtime/adapters/redis/partition-states.ts'
import { S3CheckpointStore } from '../../../packages/runtime/adapters/s3/checkpoint-store.ts'
import { Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import {
  DamagedCheckpoint,
  EMPTY_META,
  type KeptCheckpoint,
} from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { conformsAsCheckpointStore } from '../../conformance/checkpoint-store.ts'
import { inPages, partsAt, partsIn, sorted } from '../../support/parts.ts'
import { awsEndpoint, redisUrl } from '../../support/servers.ts'

Object.assign(process.env, LOCAL_AWS_ENVIRONMENT, { AWS_ENDPOINT_URL: awsEndpoint() })
const bucket = `checkpoints-${randomUUID()}`
const s3 = new S3Client({ forcePathStyle: true })
const store = new S3CheckpointStore({ bucket, pathStyle: true })
const client = new RedisClient({ url: redisUrl() })

before(() => s3.send(new CreateBucketCommand({ Bucket: bucket })))
after(() => {
  client.close()
  store.close()
  s3.destroy()
})

async function keyOf(state: StateKey, { takenAtMs }: KeptCheckpoint): Promise<string> {
  const Prefix = `checkpoints/${state.consumer}/${state.topic}/${state.partition}/`
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }))
  const name = new Date(takenAtMs).toISOString().replaceAll(/[-:]/g, '')
  return Contents.find(({ Key }) => Key?.includes(name))?.Key ?? ''
}

async function bytesOf(Key: string): Promise<Uint8Array> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
  return (await Body?.transformToByteArray()) ?? new Uint8Array()
}

conformsAsCheckpointStore(
  'S3',
  () => store,
  async (state, kept) => {
    const Key = await keyOf(state, kept)
    const bytes = await bytesOf(Key)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 255
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes }))
  },
)

const states = new RedisPartitionStates(client)

describe('checkpoints in S3', () => {
  const state = { consumer: 'c', topic: `t-${randomUUID()}`, partition: 3 }
  const kept = {
    takenAtMs: Date.parse('2026-03-01T12:00:00Z'),
    version: { epoch: 2, appliedOffset: 41, fired: 1 },
  }
  const { version: _, ...at } = kept

  it('given an object that is cut off, early or late, or empty, then it is damaged', async () => {
    await store.write(state, at, inPages(partsAt(41, 2)))
    const Key = await keyOf(state, kept)
    assert.equal(Key, `checkpoints/c/${state.topic}/3/20260301T120000.000Z-2-42-1.jsonl.zst`)
    const bytes = await bytesOf(Key)
    for (const length of [0, 1, 10, bytes.length >> 1, bytes.length - 30]) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes.subarray(0, length) }))
      await assert.rejects(partsIn(store.read(state, kept)), DamagedCheckpoint, `cut at ${length}`)
    }
  })

  it('given the object of another partition under its name, then it is damaged', async () => {
    const other = { ...state, partition: 4 }
    await store.write(other, at, inPages(partsAt(41, 2)))
    const Body = await bytesOf(await keyOf(other, kept))
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: await keyOf(state, kept), Body }))
    await assert.rejects(partsIn(store.read(state, kept)), DamagedCheckpoint)
  })

  it('given objects of other names beside them, then those are not read as checkpoints', async () => {
    const own = { ...state, partition: 5 }
    await store.write(own, at, inPages(partsAt(41, 2)))
    const Key = `checkpoints/c/${state.topic}/5/notes.txt`
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'mine' }))
    assert.deepEqual(await store.list(own), [kept])
  })

  it('given more than one page of them, then all are listed', async () => {
    const own = { ...state, partition: 6 }
    const names = Array.from({ length: 1_001 }, (_, second) => {
      const at = new Date(kept.takenAtMs + second * 1000).toISOString().replaceAll(/[-:]/g, '')
      return `checkpoints/c/${state.topic}/6/${at}-0-1-0.jsonl.zst`
    })
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(
        names
          .slice(at, at + 50)
          .map(Key => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.from('.') }))),
      )
    assert.equal((await store.list(own)).length, 1_001)
  })

  it('given a bucket that does not exist, then every call says so in one sentence', async () => {
    const none = new S3CheckpointStore({ bucket: 'sluice-has-none-of-this-name', pathStyle: true })
    const said = (error: Error) =>
      error instanceof Unavailable &&
      error.code === 'checkpoint-unavailable' &&
      error.message ===
        'The bucket "sluice-has-none-of-this-name" for checkpoints does not exist: create it, or set CHECKPOINT_BUCKET to one that does'
    await assert.rejects(none.list(state), said)
    await assert.rejects(partsIn(none.read(state, kept)), said)
    await assert.rejects(none.write(state, at, inPages(partsAt(1))), said)
    none.close()
  })

  it('given a state in Redis that was copied to S3 and lost, then the restored one is exactly the same', async () => {
    const lost = { consumer: 'c', topic: `t-${randomUUID()}`, partition: 0 }
    await states.replace(lost, EMPTY_META.version, inPages(partsAt(41)))
    const taken = await states.take(lost)
    assert.ok(taken)
    const before = await partsIn(taken.pages)
    const again = await states.take(lost)
    assert.ok(again)
    await store.write(lost, at, again.pages)
    const keys = await client.run(redis => redis.keys(`{c:${lost.topic}:0}:*`))
    await client.run(redis => redis.del(...keys))
    assert.equal(await states.take(lost), undefined)
    assert.equal(
      await states.replace(lost, EMPTY_META.version, store.read(lost, { ...kept, version: again.version })),
      'replaced',
    )
    const restored = await states.take(lost)
    assert.ok(restored)
    const [meta, ...others] = partsAt(41)
    assert.ok(meta?.kind === 'meta')
    const version = { ...meta.meta.version, epoch: 2 }
    assert.deepEqual(
      await partsIn(restored.pages),
      sorted([{ kind: 'meta', meta: { ...meta.meta, version } }, ...others]),
    )
    assert.equal(before.length, others.length + 1)
  })
})
