/** Results of redriven records. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AftermathWatch } from '../../../../lib/operations/dead-letters/aftermath.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { MemoryLogReader } from '../../../../packages/runtime/testing/log-reader.ts'
import { deadLetterRecord } from '../../../support/dead-letters.ts'

const [READINGS, FAILURES, DLQ] = ['readings', 'failures', 'dlq']
const SINCE_MS = Date.parse('2026-03-02T08:00:00Z')
const CONSUMER = { function: 'processor', topic: READINGS, group: 'processor-group' } as const
const ROUTER = { function: 'dlq-router', topic: FAILURES, group: 'router-group' } as const

/** One partition of each topic, and how far groups are. */
class World {
  readonly #log: LogRecord[] = []
  readonly committed = new Map<string, number>()

  add(topic: string, record: LogRecord = deadLetterRecord()): void {
    this.#log.push({ ...record, topic, partition: 0, offset: this.#end(topic) })
  }

  watch(): Promise<AftermathWatch> {
    return AftermathWatch.from({
      log: new MemoryLogReader(this.#log),
      offsets: {
        bounds: async topic => [{ start: 0, end: this.#end(topic) }],
        committed: async group => [this.committed.get(group) ?? 0],
      },
      failuresTopic: FAILURES,
      dlqTopic: DLQ,
      by: 'ann',
      sinceMs: SINCE_MS,
    })
  }

  #end(topic: string): number {
    return this.#log.filter(record => record.topic === topic).length
  }
}

/** Returns the failure of an attempt that was redriven by a person. */
function again(
  id: string,
  type: string,
  { by = 'ann', atMs = SINCE_MS, errorType = 'rejected' } = {},
): LogRecord {
  const attempt = { attempt: 1, failedAt: '2026-03-01T12:00:00Z', errorType: 'rejected', error: 'no' }
  const redriven = { ...attempt, redrivenBy: by, redrivenAt: new Date(atMs).toISOString() }
  return deadLetterRecord({ errorType, attempt: 2, history: [redriven] }, type, id)
}
const FAILED = 'io.sluice.failure.v1'
const LETTER = 'io.sluice.dead-letter.v1'
const never = async () => false

describe('the aftermath of a redrive', () => {
  it('given consumers and a router that have passed it, then the new failure is shown with its dead letter', async () => {
    const world = new World()
    world.add(FAILURES, again('before', FAILED))
    world.committed.set(ROUTER.group, 1)
    const watch = await world.watch()
    world.add(READINGS)
    const steps = [
      () => {
        world.add(FAILURES, again('a', FAILED))
        world.add(FAILURES, again('a', FAILED))
        world.committed.set(CONSUMER.group, 1)
      },
      () => {
        world.add(DLQ, again('a', LETTER))
        world.committed.set(ROUTER.group, 3)
      },
    ]
    const { failed, letters, isDecided } = await watch.outcome([CONSUMER, ROUTER], async () => {
      steps.shift()?.()
      return true
    })
    assert.deepEqual([failed, isDecided, steps.length], [1, true, 0])
    assert.deepEqual(
      letters.map(({ partition, offset, code }) => [partition, offset, code]),
      [[0, 0, 'rejected']],
    )
  })

  it('given that none fails again, then it is decided all the same', async () => {
    const world = new World()
    const watch = await world.watch()
    world.add(READINGS)
    world.committed.set(CONSUMER.group, 1)
    assert.deepEqual(await watch.outcome([CONSUMER], never), { failed: 0, letters: [], isDecided: true })
  })

  it('given that the wait ends before the consumer has come so far, then it is not decided', async () => {
    const world = new World()
    const watch = await world.watch()
    world.add(READINGS)
    world.add(FAILURES, again('a', FAILED))
    assert.deepEqual(await watch.outcome([CONSUMER], never), { failed: 1, letters: [], isDecided: false })
  })

  for (const [name, record, expected] of [
    ['of another person', again('a', FAILED, { by: 'bob' }), 0],
    ['of a redrive before', again('a', FAILED, { atMs: SINCE_MS - 1 }), 0],
    ['that were not redriven', deadLetterRecord({}, FAILED), 0],
    ['that their consumer does not know', deadLetterRecord({ errorType: 'unknown-failure' }, FAILED), 1],
  ] as const)
    it(`given failures ${name}, then ${expected} of them count`, async () => {
      const world = new World()
      const watch = await world.watch()
      world.add(FAILURES, record)
      assert.equal((await watch.outcome([], never)).failed, expected)
    })
})
