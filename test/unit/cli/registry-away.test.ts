/** Outage of the registry: `consume` must not skip records that it could not read, and `tail` reports it once. */
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { AlertCounter } from '../../../cli/consume/alert-counter.ts'
import { ConsumeOutput } from '../../../cli/consume/output.ts'
import { Processing } from '../../../cli/consume/processing.ts'
import { CliFailure } from '../../../cli/failure.ts'
import { RegistryWatch } from '../../../cli/records/registry-watch.ts'
import type { Terminal } from '../../../cli/terminal.ts'
import { notPrepared, Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { DataReader } from '../../../packages/runtime/pipeline/ports.ts'
import { environmentReading } from '../../support/records.ts'
import { sent } from '../../support/serialized.ts'

const AWAY: DataReader = {
  read(event, record) {
    if (!Buffer.isBuffer(event.data)) return event
    throw notPrepared(record)
  },
  async prepare() {
    throw new Unavailable('registry-unavailable', 'the schema registry has no answer')
  },
}

class TextSink extends Writable {
  text = ''
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

const record = (offset: number) => sent(offset, environmentReading(`r-${offset}`), 'avro with an id')

describe('given a registry that is away', () => {
  it('when a group consumes, then the run ends, and nothing of the batch is to be committed', async () => {
    const stdout = new TextSink()
    const terminal = { stdout, stderr: new TextSink() } as unknown as Terminal
    const plan = { mode: 'records', json: true, env: 'test', topic: 't' } as const
    const output = new ConsumeOutput(plan, new AlertCounter([]), AWAY, terminal)
    const processing = new Processing({
      output,
      inBatches: false,
      count: Number.POSITIVE_INFINITY,
      processed: () => Promise.reject(new Error('processed')),
    })
    const taken = [sent(0, environmentReading('r-0'), 'json'), record(1)].map(one => ({
      record: one,
      next: one.offset + 1,
    }))
    await assert.rejects(processing.add(taken), error => {
      assert.ok(error instanceof CliFailure)
      assert.equal(error.status, 1)
      assert.match(
        error.message,
        /^The record at offset 1 of \S+ cannot be read: the schema registry has no answer/,
      )
      return true
    })
    processing.fail(new Error('away'))
    await processing.add([{ record: sent(2, environmentReading('r-2'), 'json'), next: 3 }])
    await processing.commitBy(async offsets => assert.deepEqual([...offsets], []))
    assert.equal(stdout.text, '')
  })

  it('when tail shows records, then it is said once, and the end without following fails', () => {
    const stderr = new TextSink()
    const watch = new RegistryWatch({ stderr })
    watch.requireAllRead()
    const away = { kind: 'failure', code: 'registry-unavailable', message: 'it has no answer' } as const
    for (let at = 0; at < 3; at += 1) watch.see(away)
    assert.equal(stderr.text, 'Some records cannot be read: it has no answer\n')
    assert.throws(() => watch.requireAllRead(), { name: 'CliFailure', status: 1, message: /^3 records/ })
  })

  it('when records cannot be read for other reasons, then tail ends well', () => {
    const stderr = new TextSink()
    const watch = new RegistryWatch({ stderr })
    watch.see({ kind: 'failure', code: 'schema-unknown', message: 'x' })
    watch.see(environmentReading('r-0'))
    watch.requireAllRead()
    assert.equal(stderr.text, '')
  })
})
