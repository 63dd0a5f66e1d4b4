import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { RedisValue } from '../../../adapters/redis/stored-value.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

it('given a value, when it is written, then it is read as it was; and before, it is undefined', async () => {
  const value = new RedisValue<object>(client, randomUUID())
  assert.equal(await value.read(), undefined)
  await value.write({ a: 'ü' })
  assert.deepEqual(await value.read(), { a: 'ü' })
})

it('given many updates at once, then each sees the one before it, and all are kept', async () => {
  const value = new RedisValue<readonly number[]>(client, randomUUID())
  const added = Array.from({ length: 6 }, (_, index) => index)
  await Promise.all(added.map(index => value.update((all = []) => [...all, index])))
  assert.deepEqual((await value.read())?.toSorted(), added)
})

it('given an update that throws, then the value stays, and the error is the caller’s', async () => {
  const value = new RedisValue<number>(client, randomUUID())
  await value.write(1)
  const update = value.update(() => {
    throw new Error('no')
  })
  await assert.rejects(update, /^Error: no$/)
  assert.equal(await value.read(), 1)
})

it('given a value that others always change first, then an update gives up and says so', async () => {
  const value = new RedisValue<number>(client, randomUUID())
  const racing = {
    run: client.run.bind(client),
    eval: async () => 0,
  } as unknown as RedisClient
  await value.write(1)
  await assert.rejects(
    new RedisValue<number>(racing, 'x').update(() => 2),
    /changed concurrently in each of 20 attempts/,
  )
})
