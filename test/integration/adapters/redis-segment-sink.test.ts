import { after } from 'node:test'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { conformsAsSegmentSink } from '../../conformance/segment-sink.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

conformsAsSegmentSink('Redis', () => new RedisStateStore(client))
