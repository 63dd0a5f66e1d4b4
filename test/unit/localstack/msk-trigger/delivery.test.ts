import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type DeliveryContext, deliver } from '../../../../localstack/msk-trigger/delivery.ts'
import type { Message } from '../../../../localstack/msk-trigger/event.ts'
import { Lane } from '../../../../localstack/msk-trigger/lane.ts'
import type { PartitionOffset } from '../../../../localstack/msk-trigger/member.ts'
import { Slots } from '../../../../localstack/msk-trigger/slots.ts'

const message = (offset: number): Message => ({
  key: null,
  value: null,
  timestamp: '1',
  offset: `${offset}`,
  headers: {},
})

/** A batch of partitions 0 and 1, with offsets 0 and 1 each; `answers` are what the handler does, one after another. */
function given(answers: (() => unknown)[], more: Partial<DeliveryContext> = {}) {
  const lanes = new Map([0, 1].map(p => [p, new Lane({ topic: 't', batchSize: 10 }, p, 0)]))
  const lane = (partition: number): Lane => lanes.get(partition) ?? assert.fail()
  for (const one of lanes.values()) one.append([message(0), message(1)], 0)
  const batch = [0, 1].map(partition => ({ partition, records: lane(partition).take(2) }))
  const ending = new AbortController()
  const seen = {
    invoked: [] as string[],
    committed: [] as PartitionOffset[],
    released: [] as number[],
    log: [] as string[],
  }
  const note = (line: string) => seen.log.push(line)
  const slots = new Slots(1)
  slots.tryTake()
  const context: DeliveryContext = {
    name: 'f',
    topic: 't',
    reportsFailures: true,
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    slots,
    log: { notice: note, warning: note, error: note },
    ending: ending.signal,
    invoke: async parts => {
      seen.invoked.push(parts.map(part => `${part.partition}@${part.records.map(r => r.offset)}`).join(' '))
      return answers[seen.invoked.length - 1]?.()
    },
    commit: async offsets => void seen.committed.push(...offsets),
    release: partition => seen.released.push(partition),
    ...more,
  }
  return { run: () => deliver(batch, lanes, context), lane, ending, seen, slots }
}
const fail = () => assert.fail('boom')
const failed = (partition: number, offset: number) => () => ({
  batchItemFailures: [{ itemIdentifier: { partition: `t-${partition}`, offset } }],
})

describe('the delivery of a batch', () => {
  it('commits and releases after success', async () => {
    const { run, seen, slots } = given([() => null])
    await run()
    assert.deepEqual(seen.committed, [
      { partition: 0, offset: 2 },
      { partition: 1, offset: 2 },
    ])
    assert.deepEqual(seen.released, [0, 1])
    assert.deepEqual(seen.log, [])
    assert.equal(slots.tryTake(), true, 'the slot is free again')
  })

  it('repeats the whole batch after errors, and commits only then (rule 22)', async () => {
    const { run, seen } = given([fail, fail, fail, () => null])
    await run()
    assert.deepEqual(seen.invoked, Array(4).fill('0@0,1 1@0,1'))
    assert.equal(seen.committed.length, 2)
    assert.equal(
      seen.log.filter(line => line.includes('failed')).length,
      2,
      'attempts 1 and 2 are told, 3 is not',
    )
    assert.match(seen.log.at(-1) ?? '', /went through at attempt 4/)
  })

  it('releases a partition that is done while the rest comes again', async () => {
    const { run, seen } = given([failed(1, 1), () => null])
    await run()
    assert.deepEqual(seen.invoked, ['0@0,1 1@0,1', '1@1'])
    assert.deepEqual(seen.committed, [
      { partition: 0, offset: 2 },
      { partition: 1, offset: 1 },
      { partition: 1, offset: 2 },
    ])
    assert.deepEqual(seen.released, [0, 1])
  })

  it('commits nothing of a partition that was lost meanwhile, and does not deliver it again', async () => {
    const test = given([
      () => {
        test.lane(0).lost = true
        return failed(1, 0)()
      },
      () => {
        test.lane(1).lost = true
        return fail()
      },
    ])
    await test.run()
    assert.deepEqual(test.seen.invoked, ['0@0,1 1@0,1', '1@0,1'])
    assert.deepEqual(test.seen.committed, [])
    assert.deepEqual(test.seen.released, [0, 1])
  })

  it('tries to commit until it succeeds, and releases only then', async () => {
    let refusals = 3
    const released = () => test.seen.released.length
    const test = given([() => null], {
      commit: async () => {
        assert.equal(released(), 0)
        if (refusals-- > 0) throw new Error('not the coordinator')
      },
    })
    await test.run()
    assert.equal(refusals, -1)
    assert.equal(released(), 2)
    assert.match(
      test.seen.log[0] ?? '',
      /offsets not committed \(attempt 1\), trying again: not the coordinator/,
    )
  })

  it('ends during a backoff when the trigger ends, without a commit', async () => {
    const backoff = { retryDelayMs: 60_000, maxRetryDelayMs: 60_000 }
    const { run, ending, seen } = given([fail], { backoff })
    const done = run()
    ending.abort()
    await done
    assert.deepEqual(seen.committed, [])
    assert.equal(seen.invoked.length, 1)
  })
})
