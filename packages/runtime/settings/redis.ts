import { parseRedisUrl } from '../adapters/redis/address.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { type SlicePart, setting, slice } from './slice.ts'
import { createKind, oneOf, text } from './value-kinds.ts'

const FORM = 'redis://host:port, or rediss:// for TLS; a password must be percent-encoded'

const ADDRESS = createKind(url => (parseRedisUrl(url) ? url : undefined), FORM)

export const REDIS = slice(
  'Redis',
  {
    REDIS_URL: setting('redis.url', ADDRESS, {
      description:
        'URL of the Redis server. [Deploying](deployment.md#redis) has an example for each kind of cache.',
      setBy: 'deployment',
    }),
    REDIS_MODE: setting('redis.mode', oneOf(['single', 'cluster']), {
      description: '`cluster` for a Redis cluster, with one endpoint or several.',
      default: 'single',
    }),
    REDIS_SECRET: setting('redis.secret', text(/\S/, 'the name of a secret'), {
      description:
        'The secret with the user and the password, as `{"username": "…", "password": "…"}`. They override the user and the password in the URL.',
      setBy: 'deployment',
    }),
  },
  ({ REDIS_URL, REDIS_MODE, REDIS_SECRET }, refuse) => {
    const address = parseRedisUrl(REDIS_URL ?? '')
    if (!address) refuse('REDIS_URL', 'must name the server, as redis://host:port')
    else if (REDIS_MODE === 'single' && address.hosts.length > 1)
      refuse('REDIS_URL', 'must name one host; several are for REDIS_MODE=cluster')
    else if (REDIS_MODE === 'cluster' && address.database !== 0)
      refuse('REDIS_URL', 'must name no database; REDIS_MODE=cluster has only 0')
    return { redis: omitUndefined({ url: REDIS_URL ?? '', mode: REDIS_MODE, secret: REDIS_SECRET }) }
  },
)

export type RedisSettings = SlicePart<typeof REDIS>
