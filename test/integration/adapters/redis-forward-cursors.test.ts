import { after } from 'node:test'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisForwardCursors } from '#runtime/adapters/redis/forward-cursors.ts'
import { conformsAsForwardCursors } from '../../conformance/forward-cursors.ts'
import { conformsAsForwarder } from '../../conformance/forwarder.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const cursors = new RedisForwardCursors(client)
conformsAsForwardCursors('Redis', () => cursors)
conformsAsForwarder('Redis', () => cursors)
