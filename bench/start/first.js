// Does what Lambda's runtime does at the start of a function. Plain JavaScript, so that nothing but the handler is loaded.
const [file, record] = process.argv.slice(2)
const { handler } = await import(file)
const loadedMs = performance.now()
const times = { loadedMs }
if (record !== 'none') {
  const bytes = text => [...Buffer.from(text)]
  const header = ([name, value]) => ({ [name]: bytes(value) })
  const headers = {
    ce_specversion: '1.0',
    ce_id: 'first',
    ce_source: '/environment/bench',
    ce_type: 'io.sluice.environment.reading.v1',
    ce_subject: 's-1',
    ce_time: '2026-03-01T12:00:00Z',
    'content-type': 'application/json',
  }
  const data = {
    sensorId: 's-1',
    temperature: 20,
    location: { site: 'bench', latitude: 52.5, longitude: 13.4 },
  }
  const topic = `bench.${process.env.SLUICE_ENV}`
  const one = {
    topic,
    partition: 0,
    offset: 0,
    timestamp: Date.parse('2026-03-01T12:00:00Z'),
    value: Buffer.from(JSON.stringify(data)).toString('base64'),
    headers: Object.entries(headers).map(header),
  }
  const context = { getRemainingTimeInMillis: () => 60_000, functionName: 'bench', awsRequestId: 'bench' }
  // In the cloud some time passes between load and first record, in which work that was begun at load completes.
  if (record === 'later') await new Promise(done => setTimeout(done, 300))
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
