// One function, alone in this process as in Lambda. Plain JavaScript, so that nothing but the handler is loaded. For each event that it
// is sent it answers with the processor time that the event took, as JSON text to the end of the response.
import { readFileSync } from 'node:fs'
import process from 'node:process'

// Long, so that no batch is given up beside other work.
const TIME_MS = 600_000
const [file] = process.argv.slice(2)
const { handler } = await import(file)
process.on('message', async text => {
  const deadlineMs = Date.now() + TIME_MS
  const context = {
    awsRequestId: 'bench',
    functionName: 'bench',
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  }
  const [before, beganMs] = [process.cpuUsage(), performance.now()]
  let problem
  try {
    const answer = await handler(JSON.parse(text), context)
    const failed = answer?.batchItemFailures?.length ?? 0
    if (failed > 0) problem = `${failed} records were not processed`
    if (answer?.status === 'FAILED') problem = 'it could not do what CloudFormation asked for'
  } catch (error) {
    problem = `${error.name}: ${error.message}`
  }
  const { user, system } = process.cpuUsage(before)
  process.send({
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - beganMs,
    peakMib: peakMib(),
    problem,
  })
})
const { user, system } = process.cpuUsage()
process.send({ loadedCpuMs: (user + system) / 1000 })

/** The most that has been resident since Node was started here. `maxRSS` would begin with that of the process that has started it. */
function peakMib() {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kib) / 1024
}
