import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RedisClient } from '../../../../packages/runtime/adapters/redis/client.ts'
import {
  FENCE,
  RedisReplaceableStates,
} from '../../../../packages/runtime/adapters/redis/replaceable-states.ts'

describe('the fence of a partition state', () => {
  it('when it is removed, then by one script, so that no commit can come between two commands', async () => {
    const asked: unknown[] = []
    const client = {
      eval: async (...request: unknown[]) => void asked.push(request),
      run: async () => assert.fail('a command of its own'),
    } as unknown as RedisClient
    const fence = { why: 'reprocessing', attempt: 7 } as const
    await new RedisReplaceableStates(client).unfence({ consumer: 'c', topic: 't', partition: 3 }, fence)
    assert.deepEqual(asked, [[FENCE, ['{c:t:3}:meta'], [JSON.stringify(fence), '']]])
  })
})
