import { openSync, writeSync } from 'node:fs'
import process from 'node:process'

// Sluice's side: the bundled processor, and a note for each batch when it has answered: then Redis has what it did.

// It stands beside the folder of the bundle when it runs.
const { handler: processor } = await import(new URL('processor/handler.js', import.meta.url).href)
const notes = openSync(process.env.BENCH_NOTES, 'a')

// The event is not kept, as Lambda does not keep it: only the times of its records are.
export function handler(event, context) {
  const times = Object.values(event.records).flatMap(records => records.map(({ timestamp }) => timestamp))
  return processor(event, context).then(answer => {
    if (answer.batchItemFailures.length > 0) return answer
    const atMs = Date.now()
    const ages = times.map(time => atMs - time)
    writeSync(notes, `${JSON.stringify({ atMs, count: ages.length, ages })}\n`)
    return answer
  })
}
