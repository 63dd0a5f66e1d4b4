import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Deliveries } from '../../deliver/deliveries.ts'
import type { DeliveryContext } from '../../deliver/delivery.ts'
import { Faults } from '../../faults/faults.ts'
import { Attempts, FailedBatches } from '../../report/attempts.ts'
import { mappingOf, queueWithTaken, recordedReports, show } from './support.ts'

/** Offsets 0 and 1 of partition 3, delivered by a handler that succeeds. */
function given(begin: DeliveryContext['running']['begin']) {
  const log: string[] = []
  const note = (line: string) => void log.push(line)
  const { queue, records } = queueWithTaken(3, 0, 2)
  const context: DeliveryContext = {
    name: 'f',
    topic: 't',
    invocationLines: false,
    mapping: mappingOf(),
    destination: undefined,
    sender: undefined,
    faults: new Faults(),
    reports: recordedReports().reports,
    sending: new Attempts(),
    failedBatches: new FailedBatches(),
    running: { begin },
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    permits: { acquire: async () => {}, release: () => {} },
    log: { notice: note, warning: note, error: note },
    ending: new AbortController().signal,
    invoke: async () => null,
    crash: () => {},
    committed: async () => {},
    release: () => {},
  }
  const deliveries = new Deliveries()
  deliveries.begin([{ partition: 3, records }], new Map([[3, queue]]), context)
  return { deliveries, log }
}

describe('a delivery in flight', () => {
  it('given that it succeeds, then nothing is left of it', async () => {
    const { deliveries, log } = given(() => () => {})
    await deliveries.over()
    assert.equal(show(deliveries.uncommitted), '')
    assert.deepEqual(log, [])
  })

  it('given an error that nobody foresaw, then the log says so, and its records stay uncommitted', async () => {
    const { deliveries, log } = given(() => assert.fail('unforeseen'))
    await deliveries.over()
    assert.equal(show(deliveries.uncommitted), '3@0,1')
    assert.equal(log.length, 1)
    assert.match(log[0] ?? '', /^f {2}3@0–1 .*restart.*unforeseen/s)
  })
})
