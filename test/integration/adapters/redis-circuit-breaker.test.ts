import { after } from 'node:test'
import { RedisCircuitBreaker } from '#runtime/adapters/redis/circuit-breaker.ts'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { conformsAsCircuitBreaker } from '../../conformance/circuit-breaker.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const breaker = new RedisCircuitBreaker(client, 'test')
conformsAsCircuitBreaker('Redis', () => breaker)
