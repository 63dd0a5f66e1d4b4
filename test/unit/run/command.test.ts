import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { LOCAL, PROJECT } from '../../../programs/paths.ts'
import { ran } from '../cli/terminal.ts'

const SERVERS = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:2' }

describe('sluice run: wrong usage has exit status 2, and starts nothing', () => {
  const wrong: [args: string[], environment: object, said: RegExp][] = [
    [[], {}, /KAFKA_BROKERS .*must name the cluster[\s\S]*REDIS_URL: must name the server/],
    [['alertin'], SERVERS, /Unknown function alertin\. Did you mean alerting\?/],
    [['qqqqqq'], SERVERS, /Unknown function qqqqqq\. The functions are topics, rules, /],
    [['deliver'], SERVERS, /deliver cannot run: ALERTS_TOPIC_ARN is not set\./],
    [['console'], SERVERS, /console cannot run: .*`sluice console` serves the same page/],
    [['on-failure'], SERVERS, /on-failure cannot run: it processes records that Lambda has discarded/],
    [['generator'], SERVERS, /generator cannot run: its schedule is off \(SLUICE_GENERATOR\)/],
    [['clock', '--no-schedules'], SERVERS, /clock cannot run: no schedule runs/],
    [['clock'], { ...SERVERS, SLUICE_SCHEDULES: 'maybe' }, /SLUICE_SCHEDULES: must be one of on, off/],
    [['clock', '--port', '70000'], SERVERS, /'--port <number>'.*from 0 to 65535/],
    [['clock', '--grace', '5'], SERVERS, /'--grace <time>'.*a duration/],
    [['clock', '--host', ' '], SERVERS, /'--host <address>'.*not empty/],
  ]
  for (const [args, environment, said] of wrong)
    it(`given ${args.join(' ') || 'no server'}`, async () => {
      const { status, stderr, stdout } = await ran(['run', ...args], { environment })
      assert.match(stderr, said)
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    })
})

describe('sluice run: while it looks at its servers', () => {
  it('given servers that say nothing, when it is stopped, then it waits for neither', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const place = `127.0.0.1:${(silent.address() as AddressInfo).port}`
    const beganMs = performance.now()
    try {
      const { status, stderr } = await ran(['run', 'clock', '--port', '0'], {
        environment: { KAFKA_BROKERS: place, REDIS_URL: `redis://${place}` },
        stop: AbortSignal.timeout(300),
      })
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
      assert.ok(performance.now() - beganMs < 4_000)
    } finally {
      silent.close()
    }
  })
})

describe('sluice run: its reader closes the pipe', () => {
  it('then it ends in order, and leaves no bundles behind', async () => {
    const child = spawn(process.execPath, ['./cli/sluice.ts', 'run', 'clock', '--port', '0'], {
      cwd: PROJECT,
      env: { PATH: process.env.PATH, ...SERVERS },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      // Signal that ends it without its own handling.
      killSignal: 'SIGKILL',
    })
    const ended = once(child, 'exit')
    const said = text(child.stderr)
    let read = ''
    for await (const lines of child.stdout.setEncoding('utf8')) {
      read += lines
      if (read.includes('runs clock')) break
    }
    child.stdout.destroy()
    assert.deepEqual([(await ended)[0], await said], [0, ''], read)
    assert.equal(existsSync(join(LOCAL, 'run', String(child.pid))), false)
  })
})
