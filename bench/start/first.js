// Does what Lambda's runtime does at the start of a function. Plain JavaScript, so that nothing but the handler is loaded.
const [file, when, record] = process.argv.slice(2)
const { handler } = await import(file)
const loadedMs = performance.now()
const times = { loadedMs }
if (when !== 'none') {
  // An argument and not an import, because Node takes long to load what reads TypeScript.
  const { topic, timestamp, headers, value } = JSON.parse(record)
  const one = {
    topic,
    partition: 0,
    offset: 0,
    timestamp,
    value: Buffer.from(value).toString('base64'),
    headers: Object.entries(headers).map(([name, text]) => ({ [name]: [...Buffer.from(text)] })),
  }
  const context = { getRemainingTimeInMillis: () => 60_000, functionName: 'bench', awsRequestId: 'bench' }
  // In the cloud some time passes between load and first record, in which work that was begun at load completes.
  if (when === 'later') await new Promise(done => setTimeout(done, 300))
  const calledMs = performance.now()
  const { batchItemFailures } = await handler(
    { eventSource: 'aws:kafka', records: { [`${topic}-0`]: [one] } },
    context,
  )
  if (batchItemFailures.length > 0) throw new Error('the first record was not processed')
  times.firstMs = performance.now()
  times.invocationMs = times.firstMs - calledMs
}
console.log(`start ${JSON.stringify(times)}`)
process.exit()
