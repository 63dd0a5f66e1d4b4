import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keySamples } from '../../../lib/queries/key-samples.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'

/** A log whose records have these keys, by partition. */
function logOf(keys: readonly (readonly (Buffer | null)[])[]): LogReader {
  return {
    async read(topic, partition, { fromOffset, toOffset }) {
      const records = (keys[partition] ?? []).slice(fromOffset, toOffset + 1).map((key, index) => {
        const offset = fromOffset + index
        return { topic, partition, offset, timestampMs: offset, key, value: null, headers: [] }
      })
      return { records, nextOffset: toOffset + 1, logStart: 0 }
    },
    leave() {},
  }
}
const { signal } = new AbortController()

describe('given a topic, when the keys of its newest records are counted', () => {
  it('then each partition gives as many as its share, and one that is not known gives none', async () => {
    const log = logOf([Array(30).fill(Buffer.from('a')), [], Array(10).fill(null)])
    const bounds = [{ start: 0, end: 30 }, undefined, { start: 0, end: 10 }]
    const sample = await keySamples(log, 't', bounds, { records: 20, signal })
    assert.equal(sample.records, 20)
    assert.deepEqual(
      sample.partitions.map(({ records, top }) => [records, top?.key]),
      [
        [15, 'a'],
        [0, undefined],
        [5, '(no key)'],
      ],
    )
  })

  it('then long keys with the same beginning are different keys, and all are shortened', async () => {
    const long = (end: string) => Buffer.from(`${'x'.repeat(5_000)}${end}`)
    const log = logOf([[long('1'), long('2'), long('2'), Buffer.from([0xff])]])
    const { partitions } = await keySamples(log, 't', [{ start: 0, end: 4 }], { records: 4, signal })
    const [{ keys, top } = { keys: 0, top: null }] = partitions
    assert.equal(keys, 3)
    assert.match(top?.key ?? '', /^x{200}… \(5001 bytes, sha256 [0-9a-f]{12}…\)$/)
  })

  it('when it is ended early, then it has what was counted until then', async () => {
    const over = AbortSignal.abort()
    const log = logOf([Array(5).fill(Buffer.from('a'))])
    assert.equal(
      (await keySamples(log, 't', [{ start: 0, end: 5 }], { records: 5, signal: over })).records,
      1,
    )
  })
})
