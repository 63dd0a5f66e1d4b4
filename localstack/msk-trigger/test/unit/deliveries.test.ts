import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Deliveries } from '../../deliver/deliveries.ts'
import type { DeliveryContext } from '../../deliver/delivery.ts'
import { FailedBatches } from '../../deliver/failed-batches.ts'
import { Semaphore } from '../../deliver/semaphore.ts'
import { Faults } from '../../faults/faults.ts'
import { Attempts } from '../../report/attempts.ts'
import { mappingOf, queueWithTaken, recordedReports, show } from './support.ts'

/** Offsets 0 and 1 of partition 3, delivered by a handler that succeeds. */
function given(begin: DeliveryContext['running']['begin'], ending = new AbortController().signal) {
  const log: string[] = []
  const released: number[] = []
  const permits: string[] = []
  const note = (line: string) => void log.push(line)
  const { queue, records } = queueWithTaken(3, 0, 2)
  const { reports, written } = recordedReports()
  const committed: number[] = []
  const context: DeliveryContext = {
    name: 'f',
    topic: 't',
    invocationLines: false,
    mapping: mappingOf(),
    destination: undefined,
    sender: undefined,
    faults: new Faults(),
    reports,
    sending: new Attempts(),
    failedBatches: new FailedBatches(),
    running: { begin },
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    permits: {
      acquire: async () => void permits.push('acquired'),
      release: () => void permits.push('released'),
    },
    reserved: new Semaphore(1),
    log: { notice: note, warning: note, error: note },
    ending,
    invoke: async () => null,
    crash: () => {},
    committed: async (_, offset) => void committed.push(offset),
    release: partition => void released.push(partition),
  }
  const deliveries = new Deliveries()
  deliveries.begin([{ partition: 3, records }], new Map([[3, queue]]), context)
  return { deliveries, log, written, committed, released, permits }
}

describe('a delivery in flight', () => {
  it('given that it succeeds, then nothing is left of it', async () => {
    const { deliveries, log } = given(() => () => {})
    await deliveries.over()
    assert.equal(show(deliveries.uncommitted), '')
    assert.deepEqual(log, [])
  })

  it('given an error that nobody foresaw, then the log says so, and it is delivered again', async () => {
    let begun = 0
    const test = given(() => {
      begun += 1
      if (begun < 4) assert.fail('unforeseen')
      return () => {}
    })
    await test.deliveries.over()
    assert.equal(show(test.deliveries.uncommitted), '')
    assert.deepEqual([test.committed, test.released], [[2], [3]])
    assert.deepEqual(test.permits, ['released', ...Array(3).fill(['acquired', 'released']).flat()])
    // Times 1 and 2 of three.
    assert.equal(test.log.length, 2)
    assert.match(test.log[0] ?? '', /^f {2}3@0–1 is delivered again .*defect.*unforeseen/s)
    assert.deepEqual(test.written.slice(-2), ['stalled invocation error 3 3@0', 'resumed invocation 3'])
  })

  it('given one that stays, then it is given up when the trigger stops, and its records stay uncommitted', async () => {
    const ending = new AbortController()
    let begun = 0
    const { deliveries, committed, permits } = given(() => {
      begun += 1
      if (begun === 5) ending.abort()
      return assert.fail('unforeseen')
    }, ending.signal)
    await deliveries.over()
    assert.equal(show(deliveries.uncommitted), '3@0,1')
    assert.deepEqual(committed, [])
    assert.equal(permits.at(-1), 'released')
  })
})
