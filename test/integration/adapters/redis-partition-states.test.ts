import { after } from 'node:test'
import { RedisClient } from '../../../lib/runtime/adapters/redis/client.ts'
import { RedisPartitionStates } from '../../../lib/runtime/adapters/redis/partition-states.ts'
import { RedisStateStore } from '../../../lib/runtime/adapters/redis/state-store.ts'
import { conformsAsPartitionStates } from '../../conformance/partition-states.ts'
import { redisUrl } from '../../support/servers.ts'

const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

const states = new RedisPartitionStates(client)
const store = new RedisStateStore(client)
conformsAsPartitionStates(
  'Redis',
  () => states,
  () => store,
)
