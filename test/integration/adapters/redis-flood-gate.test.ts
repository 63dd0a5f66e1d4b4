import { after } from 'node:test'
import { RedisClient } from '../../../lib/adapters/redis/client.ts'
import { RedisFloodGate } from '../../../lib/adapters/redis/flood-gate.ts'
import { conformsAsFloodGate } from '../../conformance/flood-gate.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const gate = new RedisFloodGate(client, 'test')
conformsAsFloodGate('Redis', () => gate)
