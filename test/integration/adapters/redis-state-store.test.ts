import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { RedisClient } from '../../../lib/adapters/redis/client.ts'
import { RedisStateStore } from '../../../lib/adapters/redis/state-store.ts'
import { Unavailable } from '../../../lib/pipeline/ports.ts'
import { conformsAsStateStore } from '../../conformance/state-store.ts'
import { redisUrl } from '../../support/servers.ts'
import { NOTHING_WANTED } from '../../support/wanted.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const store = new RedisStateStore(client)
conformsAsStateStore('Redis', () => store)

it('given a server that does not answer, then each call is rejected as unavailable, within seconds', async () => {
  const nobody = new RedisClient({ url: 'redis://127.0.0.1:1', commandTimeoutMs: 300 })
  try {
    const away = new RedisStateStore(nobody)
    const slot = { consumer: 'c', topic: 't', partition: 0 }
    await assert.rejects(away.load(slot, NOTHING_WANTED), Unavailable)
    await assert.rejects(away.settle(slot, ['p']), Unavailable)
  } finally {
    nobody.close()
  }
})
