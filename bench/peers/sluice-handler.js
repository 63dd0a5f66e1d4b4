import { openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { handler as processor } from './processor/handler.js'

// Sluice's side: the bundled processor, and a note for each batch when it has answered: then Redis has what it did.

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
