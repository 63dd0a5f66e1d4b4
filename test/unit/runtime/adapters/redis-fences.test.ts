import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RedisClient } from '../../../../packages/runtime/adapters/redis/client.ts'
import { Fences } from '../../../../packages/runtime/adapters/redis/fences.ts'
import { REMOVE_FENCE } from '../../../../packages/runtime/adapters/redis/scripts.ts'

describe('the fence of a partition state', () => {
  it('when it is removed, then by one script, so that no commit can come between two commands', async () => {
    const asked: unknown[] = []
    const client = {
      eval: async (...request: unknown[]) => void asked.push(request),
      run: async () => assert.fail('a command of its own'),
    } as unknown as RedisClient
    await new Fences(client).remove({ consumer: 'c', topic: 't', partition: 3 }, 'own')
    assert.deepEqual(asked, [[REMOVE_FENCE, ['{c:t:3}:meta'], ['own']]])
  })
})
