import { openSync, writeSync } from 'node:fs'
import process from 'node:process'

// Sluice's side: the bundled processor, and a note for each batch when it has answered: then Redis has what it did.

// It stands beside the folder of the bundle when it runs.
const { handler: processor } = await import(new URL('processor/handler.js', import.meta.url).href)
const notes = openSync(process.env.BENCH_NOTES, 'a')

export async function handler(event, context) {
  const answer = await processor(event, context)
  if (answer.batchItemFailures.length > 0) return answer
  const atMs = Date.now()
  const ages = []
  for (const records of Object.values(event.records))
    for (const { timestamp } of records) ages.push(atMs - timestamp)
  writeSync(notes, `${JSON.stringify({ atMs, count: ages.length, ages })}\n`)
  return answer
}
