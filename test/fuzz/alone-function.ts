/**
 * Runs one function alone in this process, as Lambda does. Each line on standard input is an event; the answer is a line with
 * the number of failed partitions. At the end it prints the peak resident memory in bytes.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const TIME_MS = 60_000

const [file = ''] = process.argv.slice(2)
const { handler } = await import(pathToFileURL(file).href)
for await (const line of createInterface({ input: process.stdin })) {
  const deadlineMs = Date.now() + TIME_MS
  const context = { awsRequestId: 'alone', getRemainingTimeInMillis: () => deadlineMs - Date.now() }
  const answer = await handler(JSON.parse(line), context).then(
    ({ batchItemFailures }: { batchItemFailures: unknown[] }) => batchItemFailures.length,
    (error: Error) => `threw ${error.name}`,
  )
  console.log(`answer\t${answer}`)
}
const [, peakKib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
console.log(`peak\t${Number(peakKib) * 1024}`)
process.exit(0)
