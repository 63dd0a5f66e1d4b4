import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { Metrics } from '../../../runner/metrics/metrics.ts'
import { Output } from '../../../runner/output.ts'

/** A reader that takes one chunk on each call. */
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
  it('given a blocked reader, then waiting bytes are bounded, and dropped lines are counted', async () => {
    const [reader, metrics] = [new SlowReader({ highWaterMark: 200 }), new Metrics()]
    const output = new Output(reader, metrics, 1_000)
    for (let line = 0; line < 100_000; line += 1) output.write(LINE)
    assert.equal(reader.writableLength, 1_000)
    assert.match(metrics.text, /^sluice_runner_lost_log_lines_total 99990$/m)
  })

  it('given that it reads again, then one line has the number of missing ones, and all others come', async () => {
    const reader = new SlowReader({ highWaterMark: 200 })
    const output = new Output(reader, new Metrics(), 1_000)
    for (let line = 0; line < 15; line += 1) output.write(LINE)
    await reader.takeAll()
    output.write(LINE)
    await reader.takeAll()
    const lines = reader.read.trimEnd().split('\n')
    assert.equal(lines.length, 12)
    const { level, message } = JSON.parse(lines[10] ?? '')
    assert.deepEqual(
      [level, message],
      ['WARN', '5 lines were dropped because standard output was not read fast enough'],
    )
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

  it('given a process whose output is not read, then its memory is bounded', async () => {
    const { status, said } = await ran(
      `const output = new Output(process.stdout, new Metrics())
      for (let line = 0; line < 300_000; line += 1) {
        output.write('x'.repeat(200) + '\\n')
        if (line % 1_000 === 0) await new Promise(setImmediate)
      }
      console.error(process.stdout.writableLength)
      exitOnceRead(process.stdout, 3, 50)`,
      'unread',
    )
    assert.equal(status, 3)
    // All lines together have 60 MB.
    const waiting = Number(said)
    assert.ok(waiting > 8_000_000 && waiting < 8_500_000, `${said} bytes wait`)
  })

  it('given a process that ends, then its reader gets everything, unless it was stopped', async () => {
    const { status, read } = await ran(
      "process.stdout.write('x'.repeat(1_000_000)); exitOnceRead(process.stdout, 3)",
      'read',
    )
    assert.deepEqual([status, read.length], [3, 1_000_000])
  })
})

/** Runs a script as a process, with what it needs imported. Its output is read to the end, or not at all. */
async function ran(script: string, output: 'read' | 'unread') {
  const folder = import.meta.resolve('../../../')
  const code = `
    import { Output } from '${folder}runner/output.ts'
    import { Metrics } from '${folder}runner/metrics/metrics.ts'
    import { exitOnceRead } from '${folder}cli/exit.ts'
    ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { timeout: 60_000 })
  const [said, read] = [text(child.stderr), output === 'read' ? text(child.stdout) : '']
  const [status] = await once(child, 'exit')
  if (output === 'unread') child.stdout.destroy()
  return { status, said: await said, read: await read }
}
