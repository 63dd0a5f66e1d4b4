import { openSync, writeSync } from 'node:fs'

// The handler that both sides of the benchmark call. It parses every record, as a real one would, and logs for each
// invocation when it started and ended, how many records it had, and how old they were.

const notes = process.env.BENCH_NOTES && openSync(process.env.BENCH_NOTES, 'a')
const totals = new Map()

export async function handler(event) {
  const startedAtMs = now()
  const ages = []
  let count = 0
  for (const records of Object.values(event.records)) {
    for (const record of records) {
      const reading = JSON.parse(Buffer.from(record.value, 'base64').toString())
      totals.set(reading.sensor, (totals.get(reading.sensor) ?? 0) + reading.value)
      ages.push(Math.round((startedAtMs - reading.producedAtMs) * 100) / 100)
      count += 1
    }
  }
  const slowest = process.env.BENCH_AGES === 'all' ? ages : []
  if (notes) writeSync(notes, `${JSON.stringify({ startedAtMs, endedAtMs: now(), count, ages: slowest })}\n`)
}

/** Milliseconds since 1970, with fractions. */
function now() {
  return performance.timeOrigin + performance.now()
}
