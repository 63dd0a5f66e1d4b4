/**
 * Runs test files in this process one after another, and ends at the first failed test. `CPU_LIMIT_MS` limits its processor
 * time, which detects endless loops even on a busy machine.
 */
import { run } from 'node:test'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { FAILED, NO_TEST, PASSED } from './outcome.ts'

const limitMs = Number(process.env.CPU_LIMIT_MS ?? Number.POSITIVE_INFINITY)
// In its own thread, because an endless loop blocks the main thread.
if (Number.isFinite(limitMs))
  new Worker(
    `setInterval(() => {
      const { user, system } = process.cpuUsage()
      if ((user + system) / 1000 > ${limitMs}) process.kill(process.pid, 'SIGKILL')
    }, 500)`,
    { eval: true, execArgv: [] },
  ).unref()

let tests = 0
const files = process.argv.slice(2)
const stream = run({ files, isolation: 'none' })
stream.on('test:pass', ({ name, details }) => {
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
  const { user, system } = process.cpuUsage()
  console.log(`cpu: ${Math.round((user + system) / 1000)}`)
  process.exit(code)
}
