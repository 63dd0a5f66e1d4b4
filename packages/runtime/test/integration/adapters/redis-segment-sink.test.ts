import { after } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { RedisStateStore } from '../../../adapters/redis/state-store.ts'
import { conformsAsSegmentSink } from '../../conformance/segment-sink.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

conformsAsSegmentSink('Redis', () => new RedisStateStore(client))
