import { after } from 'node:test'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisSkippedRecords } from '#runtime/adapters/redis/skipped-records.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { conformsAsSkippedRecords } from '../../conformance/skipped-records.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const skipping = {
  records: new RedisSkippedRecords(client),
  store: new RedisStateStore(client),
}
conformsAsSkippedRecords('Redis', () => skipping)
