import { after } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { RedisForwardCursors } from '../../../adapters/redis/forward-cursors.ts'
import { conformsAsForwardCursors } from '../../conformance/forward-cursors.ts'
import { conformsAsForwarder } from '../../conformance/forwarder.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const cursors = new RedisForwardCursors(client)
conformsAsForwardCursors('Redis', () => cursors)
conformsAsForwarder('Redis', () => cursors)
