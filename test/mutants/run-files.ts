/**
 * Runs test files in this process one after another, and ends at the first failed test. `CPU_LIMIT_MS` limits the processor
 * time in which no test ends, which detects endless loops soon, even on a busy machine.
 */
import { run } from 'node:test'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { FAILED, NO_TEST, PASSED } from './outcome.ts'

const limitMs = Number(process.env.CPU_LIMIT_MS ?? Number.POSITIVE_INFINITY)
/** The processor time at which the latest test ended, shared with the thread below. */
const endedAtMs = new Float64Array(new SharedArrayBuffer(8))
// In its own thread, because an endless loop blocks the main thread.
if (Number.isFinite(limitMs))
  new Worker(
    `const { workerData: { endedAtMs, limitMs } } = require('node:worker_threads')
    setInterval(() => {
      const { user, system } = process.cpuUsage()
      if ((user + system) / 1000 - endedAtMs[0] > limitMs) process.kill(process.pid, 'SIGKILL')
    }, 500)`,
    { eval: true, execArgv: [], workerData: { endedAtMs, limitMs } },
  ).unref()

let tests = 0
const files = process.argv.slice(2)
const stream = run({ files, isolation: 'none' })
stream.on('test:pass', ({ name, details }) => {
  endedAtMs[0] = cpuMs()
  // The runner reports a file without tests as one test with the name of the file.
  if (details.type !== 'suite' && !files.includes(name)) tests += 1
})
stream.on('test:fail', ({ name, todo, details }) => {
  if (todo) return
  console.log(`failed: ${name}\n${inspect(details.error.cause ?? details.error)}`)
  end(FAILED)
})
for await (const _ of stream);
end(tests > 0 ? PASSED : NO_TEST)

function end(code: number): void {
  console.log(`cpu: ${Math.round(cpuMs())}`)
  process.exit(code)
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
