import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisCursor } from '../../../packages/runtime/adapters/redis/cursor.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

it('given a cursor, when it is moved, then it only advances, whatever its number of digits', async () => {
  const cursor = new RedisCursor(client, randomUUID())
  assert.equal(await cursor.read(), undefined)
  for (const [to, at] of [
    [9, 9],
    [9, 9],
    [10, 10],
    [3, 10],
    [11, 11],
  ] as const) {
    await cursor.advance(to)
    assert.equal(await cursor.read(), at, `moved to ${to}`)
  }
})

it('given two cursors of other names, then each has its own place', async () => {
  const [one, other] = [new RedisCursor(client, randomUUID()), new RedisCursor(client, randomUUID())]
  await one.advance(0)
  assert.equal(await one.read(), 0)
  assert.equal(await other.read(), undefined)
})
