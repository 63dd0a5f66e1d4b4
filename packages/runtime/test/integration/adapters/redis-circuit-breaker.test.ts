import { after } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisCircuitBreaker } from '../../../adapters/redis/circuit-breaker.ts'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { conformsAsCircuitBreaker } from '../../conformance/circuit-breaker.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const breaker = new RedisCircuitBreaker(client, 'test')
conformsAsCircuitBreaker('Redis', () => breaker)
