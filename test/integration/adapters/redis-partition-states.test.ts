import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { RedisClient } from '../../../lib/runtime/adapters/redis/client.ts'
import { keysOf } from '../../../lib/runtime/adapters/redis/keys.ts'
import { RedisPartitionStates } from '../../../lib/runtime/adapters/redis/partition-states.ts'
import { RedisStateStore } from '../../../lib/runtime/adapters/redis/state-store.ts'
import { type CheckpointPart, EMPTY_META } from '../../../lib/runtime/pipeline/recovery/checkpoints.ts'
import { conformsAsPartitionStates } from '../../conformance/partition-states.ts'
import { inPages, metaAt } from '../../support/parts.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const states = new RedisPartitionStates(client)
const stateStore = new RedisStateStore(client)
conformsAsPartitionStates(
  'Redis',
  () => states,
  () => stateStore,
)

it('given a checkpoint with ids that were made to share a bucket, then no restored value exceeds a bound', async () => {
  const state = { consumer: 'c', topic: randomUUID(), partition: 0 }
  const ids = Array.from({ length: 3_000 }, (_, number): CheckpointPart => {
    const id = `ab${number}`.padEnd(12, '.')
    return { kind: 'id', id: { id, digest: 'd'.repeat(8), appliedAtMs: 0 } }
  })
  const pages = inPages([{ kind: 'meta', meta: metaAt(41) }, ...ids])
  assert.equal(await states.replace(state, EMPTY_META.version, pages), 'replaced')
  const { ids: key } = keysOf(state)
  const sizes = await client.run(async redis => {
    const values = [...(await redis.hvals(`${key}:0`)), ...(await redis.hvals(`${key}:0:more`))]
    return values.map(value => Buffer.byteLength(value))
  })
  assert.ok(sizes.length > 1)
  // A full bucket, and one page of ids: 24 bytes an id.
  assert.ok(Math.max(...sizes) <= (256 + 500) * 24, `${Math.max(...sizes)} bytes`)
})
