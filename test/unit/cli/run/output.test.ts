import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { Metrics } from '../../../../cli/run/metrics/metrics.ts'
import { flushed, Output } from '../../../../cli/run/output.ts'

/** A reader that takes one chunk each time it is told to. */
class SlowReader extends Writable {
  read = ''
  #taken: (() => void) | undefined

  override _write(chunk: Buffer, _: string, taken: () => void): void {
    this.read += chunk
    this.#taken = taken
  }

  /** Takes everything, also what is written meanwhile. */
  async takeAll(): Promise<void> {
    while (this.#taken) {
      const taken = this.#taken
      this.#taken = undefined
      taken()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

const LINE = `${'x'.repeat(99)}\n`

describe('the output of a process', () => {
  it('given a reader that stands still, then what waits is bounded, and what is left out is counted', async () => {
    const [reader, metrics] = [new SlowReader({ highWaterMark: 200 }), new Metrics()]
    const output = new Output(reader, metrics, 1_000)
    for (let line = 0; line < 100_000; line += 1) output.write(LINE)
    assert.equal(reader.writableLength, 1_000)
    assert.match(metrics.text, /^sluice_runner_lost_log_lines_total 99990$/m)
  })

  it('given that it reads again, then one line tells how many are missing, where they are, and all others come', async () => {
    const reader = new SlowReader({ highWaterMark: 200 })
    const output = new Output(reader, new Metrics(), 1_000)
    for (let line = 0; line < 15; line += 1) output.write(LINE)
    await reader.takeAll()
    output.write(LINE)
    await reader.takeAll()
    const lines = reader.read.trimEnd().split('\n')
    assert.equal(lines.length, 12)
    const { level, message } = JSON.parse(lines[10] ?? '')
    assert.deepEqual([level, message], ['WARN', '5 lines were left out: nothing read them fast enough'])
  })

  it('given a reader that keeps up, then nothing is left out, and the metric says so', async () => {
    const [reader, metrics] = [new SlowReader(), new Metrics()]
    const output = new Output(reader, metrics, 1_000)
    for (let line = 0; line < 100; line += 1) {
      output.write(LINE)
      await reader.takeAll()
    }
    assert.equal(reader.read, LINE.repeat(100))
    assert.match(metrics.text, /^sluice_runner_lost_log_lines_total 0$/m)
  })

  it('given the end, then it waits for the reader, but not for ever', async () => {
    const slow = new SlowReader()
    slow.write(LINE)
    await flushed(slow, 1)
    assert.ok(slow.destroyed)
    const quick = new SlowReader()
    quick.write(LINE)
    const flushing = flushed(quick, 60_000)
    await quick.takeAll()
    await flushing
    assert.ok(!quick.destroyed)
  })
})
