import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { looked } from '../../../cli/dlq/handling.ts'
import { StoppedByUser } from '../../../cli/failure.ts'
import { done, Run, type Work } from '../../../lib/operations/dead-letters/handle.ts'
import { newOperation } from '../../../lib/operations/dead-letters/operation.ts'
import { dropChooser } from '../../../lib/operations/dead-letters/redriving.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { MemoryPublisher } from '../../../packages/runtime/testing/publisher.ts'
import { deadLetterRecord } from '../../support/dead-letters.ts'

const TOPIC = 'sluice.telemetry.dlq.local'
const RECORDS = Array.from({ length: 50 }, (_, offset) => ({
  ...deadLetterRecord({}, undefined, `y${offset}`),
  partition: 0,
  offset,
}))

/** Drops all dead letters of the topic, for a person who has pressed Ctrl-C before the first answer of Kafka. */
function stoppedDrop() {
  const log = new MemoryLogReader(RECORDS, 1)
  const publisher = new MemoryPublisher()
  let reads = 0
  const read: MemoryLogReader['read'] = (...args) => {
    reads++
    return log.read(...args)
  }
  const stop = AbortSignal.abort()
  const stderr = new PassThrough()
  const terminal = { stop, stderr, stdout: new PassThrough() }
  const work = {
    config: { env: 'local', contentMode: 'binary' },
    stop,
    connections: {},
    publisher: async () => publisher,
    letters: { topic: TOPIC, log: { read }, bounds: async () => [{ start: 0, end: RECORDS.length }] },
    command: 'drop',
    operation: newOperation(0),
    by: 'ann',
    ats: [],
    filter: {},
    choose: dropChooser,
    watched: new Map(),
  } as unknown as Work
  return { work, publisher, terminal, stderr, reads: () => reads }
}

describe('dead letters that are being handled, at Ctrl-C', () => {
  it('given that it only looks yet, then it ends at once, and does not say that nothing was found', async () => {
    const { work, terminal, stderr, reads } = stoppedDrop()
    const run = { work, terminal, handling: {}, env: 'local', readers: [] }
    await assert.rejects(looked(run as unknown as Parameters<typeof looked>[0]), StoppedByUser)
    assert.ok(reads() <= 3, `${reads()} reads`)
    assert.equal(String(stderr.read()), 'Stopped before anything was changed.\n')
  })

  it('given that it looks for what was handled before, then it ends at once, without an error', async () => {
    const { work, publisher, reads } = stoppedDrop()
    const { error, tally } = await done(work, new Run(), { perSecond: undefined })
    assert.deepEqual([error, tally.taken, publisher.published.length], [undefined, 0, 0])
    assert.ok(reads() <= 3, `${reads()} reads`)
  })
})
