import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { packIds, unpackBucket } from '../../../../packages/runtime/adapters/redis/id-packing.ts'

describe('ids in their buckets', () => {
  const remembered = (id: string, appliedAtMs: number) => ({
    id: id.padEnd(12, '.'),
    digest: id.padEnd(8, '\xff'),
    appliedAtMs,
  })

  it('given several that share a bucket, then each comes out, the last that was given first', () => {
    const ids = [remembered('ab1', 1), remembered('ab2', 2), remembered('ab3', 2 ** 47)]
    const [name, content] = packIds(ids.slice(0, 2)).get(0) as [string, string]
    const unpacked = unpackBucket(Buffer.from(name, 'latin1'), Buffer.from(content, 'latin1'))
    assert.deepEqual(unpacked, [ids[1], ids[0]])
  })

  it('given ids of several hours, then each is in its own generation', () => {
    const hour = 3_600_000
    const ids = [remembered('ab1', hour - 1), remembered('ab2', hour), remembered('cd3', hour)]
    const names = [...packIds(ids)].map(([generation, buckets]) => [
      generation,
      buckets.filter((_, index) => index % 2 === 0),
    ])
    assert.deepEqual(names, [
      [0, ['ab']],
      [1, ['ab', 'cd']],
    ])
  })
})
