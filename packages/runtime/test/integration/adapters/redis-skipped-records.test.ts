import { after } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { RedisSkippedRecords } from '../../../adapters/redis/skipped-records.ts'
import { RedisStateStore } from '../../../adapters/redis/state-store.ts'
import { conformsAsSkippedRecords } from '../../conformance/skipped-records.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const skipping = {
  records: new RedisSkippedRecords(client),
  store: new RedisStateStore(client),
}
conformsAsSkippedRecords('Redis', () => skipping)
