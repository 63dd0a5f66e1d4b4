import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { PROJECT } from '../../../programs/paths.ts'
import { eachLine, MAX_LINE_LENGTH } from '../../../runner/lines.ts'
import { jsonLog } from '../../../runner/log.ts'
import { Metrics } from '../../../runner/metrics/metrics.ts'
import { serveEndpoints } from '../../../runner/server.ts'
import { Status } from '../../../runner/status.ts'

const OF = { function: 'alerting', topic: 'readings', group: 'g' }
const report = (of: object) => JSON.stringify({ ...OF, ...of })

describe('whether a process is ready', () => {
  function started() {
    const metrics = new Metrics()
    const status = new Status(metrics)
    const joined = Promise.withResolvers<void>()
    status.starts([{ functionKey: 'alerting', topic: 'readings', joined: joined.promise }])
    return { metrics, status, joined }
  }

  it('given event sources that have not joined, then it is not, and says which', async () => {
    assert.deepEqual(new Status(new Metrics()).notReady, ['it is starting'])
    const { status, joined, metrics } = started()
    assert.deepEqual(status.notReady, ['alerting ← readings has not joined its group'])
    joined.resolve()
    await joined.promise
    assert.deepEqual(status.notReady, [])
    assert.match(metrics.text, /sluice_runner_joined\{function="alerting",topic="readings"\} 1/)
  })

  it('given a topic that cannot be read, then it is not, until it can be', async () => {
    const { status, joined } = started()
    joined.resolve()
    await joined.promise
    status.reported(
      report({ report: 'stalled', obstacle: 'reading', kind: 'unreachable', reason: 'x', attempt: 1 }),
    )
    assert.deepEqual(status.notReady, ['alerting ← readings cannot be read'])
    status.reported(report({ report: 'resumed', obstacle: 'reading' }))
    assert.deepEqual(status.notReady, [])
  })

  it('given batches that fail, then it is ready all the same, and counts the partitions that wait', async () => {
    const { status, joined, metrics } = started()
    joined.resolve()
    await joined.promise
    const stalled = { report: 'stalled', obstacle: 'invocation', kind: 'error', reason: 'secret', attempt: 2 }
    status.reported(report({ ...stalled, offsets: { 3: 17, 4: 1 } }))
    status.reported(report({ ...stalled, offsets: { 3: 17 } }))
    assert.deepEqual(status.notReady, [])
    assert.match(metrics.text, /stalled_partitions\{.*obstacle="invocation"\} 2/)
    status.reported(report({ report: 'resumed', obstacle: 'invocation', partitions: [3] }))
    assert.match(metrics.text, /stalled_partitions\{.*obstacle="invocation"\} 1/)
    assert.doesNotMatch(metrics.text, /secret/)
  })

  it('given the other reports of the trigger, then discarded records are counted, and the rest is let pass', () => {
    const { status, metrics } = started()
    status.reported(report({ report: 'discarded', reason: 'x', records: 2, destination: null }))
    status.reported(report({ report: 'mapped', windowMs: 0, timeoutMs: 0 }))
    status.reported(JSON.stringify({ function: 'alerting', report: 'ended', reason: 'x' }))
    assert.match(metrics.text, /discarded_records_total\{function="alerting",topic="readings"\} 2/)
  })

  it('when it is stopped, then it is not ready', () => {
    const { status } = started()
    status.stops()
    assert.deepEqual(status.notReady, ['it is stopping'])
  })
})

describe('the endpoints', () => {
  async function served(t: TestContext, notReady: readonly string[] = []) {
    const endpoints = { notReady: async () => notReady, metrics: async () => 'a 1\n' }
    const server = await serveEndpoints(endpoints, { host: '127.0.0.1', port: 0 })
    t.after(() => server.close())
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        text: await response.text(),
      }
    }
    return { ...server, endpoints, get }
  }

  it('given a process that is not ready, then /ready answers 503 with the reasons, and /health 200', async t => {
    const { get } = await served(t, ['it is starting'])
    const ready = await get('/ready')
    assert.equal(ready.status, 503)
    assert.deepEqual(JSON.parse(ready.text), { status: 'not ready', reasons: ['it is starting'] })
    assert.equal((await get('/health')).status, 200)
  })

  it('then metrics have the content type of Prometheus, and nothing else is answered', async t => {
    const { get } = await served(t)
    const { type, text } = await get('/metrics?x=1')
    assert.deepEqual([type, text], ['text/plain; version=0.0.4; charset=utf-8', 'a 1\n'])
    assert.equal((await get('/ready')).status, 200)
    assert.equal((await get('/')).status, 404)
    assert.equal((await get('/ready', 'POST')).status, 405)
  })

  it('given a port that is in use, then that is said, and what to do', async t => {
    const { port, endpoints } = await served(t)
    await assert.rejects(serveEndpoints(endpoints, { host: '127.0.0.1', port }), {
      name: 'OperationFailure',
      message: `Cannot listen on 127.0.0.1:${port}: the port is in use. Set another address with --port or --host.`,
    })
  })
})

describe('what the process logs', () => {
  it('given a line of the trigger, then it is one document, with the names of settings that a process has', () => {
    const out = new PassThrough()
    const log = jsonLog(out, () => new Date(0))
    log.error('msk  a ← t  is Kafka running at b:1? (custom.mskTrigger.brokers, or KAFKA_BROKERS)')
    assert.deepEqual(JSON.parse(String(out.read())), {
      level: 'ERROR',
      message: 'a ← t  is Kafka running at b:1? (KAFKA_BROKERS)',
      timestamp: '1970-01-01T00:00:00.000Z',
      service: 'run',
    })
  })

  it('given lines in pieces, then each comes whole, and the unfinished last one at the end', async () => {
    const stream = new PassThrough()
    const lines: string[] = []
    eachLine(stream, line => lines.push(line))
    const bytes = Buffer.from('one\ntw°o\nthree')
    for (let at = 0; at < bytes.length; at += 3) stream.write(bytes.subarray(at, at + 3))
    stream.end()
    await new Promise(resolve => stream.on('end', resolve))
    assert.deepEqual(lines, ['one', 'tw°o', 'three'])
  })

  it('given a line that does not end, then it comes in pieces, and nothing of it is lost', async () => {
    const stream = new PassThrough()
    const lines: string[] = []
    eachLine(stream, line => lines.push(line))
    for (let written = 0; written < 2 * MAX_LINE_LENGTH; written += 65_536) stream.write('x'.repeat(65_536))
    stream.end('y\nz')
    await new Promise(resolve => stream.on('end', resolve))
    assert.deepEqual(
      lines.map(line => line.length),
      [MAX_LINE_LENGTH, MAX_LINE_LENGTH, 1, 1],
    )
  })
})

it('docs/run.md names every metric of the process, and no other', () => {
  const names = (text: string) => [...new Set(text.match(/\bsluice_runner_\w+/g))].sort()
  const code = globSync('runner/**/*.ts', { cwd: PROJECT }).map(file =>
    readFileSync(join(PROJECT, file), 'utf8'),
  )
  const documented = names(readFileSync(join(PROJECT, 'docs/run.md'), 'utf8'))
  assert.ok(documented.length >= 10)
  assert.deepEqual(documented, names(code.join('\n')))
})
