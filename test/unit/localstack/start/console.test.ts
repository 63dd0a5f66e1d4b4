import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { freePort, freePorts } from '#local-servers/ports'
import { startConsole } from '../../../../localstack/start/console.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-start-console-'))
after(() => rmSync(folder, { recursive: true }))

async function startTestConsole(variables: Readonly<Record<string, string>>) {
  const [consolePort, kafkaUiPort, ksqlPort] = await freePorts(3)
  const said: string[] = []
  const console = await startConsole({
    environment: {
      ...{
        CONSOLE_PORT: `${consolePort}`,
        KAFKA_UI_PORT: `${kafkaUiPort}`,
        KSQL_PORT: `${ksqlPort}`,
        REDIS_URL: 'redis://127.0.0.1:1',
      },
      ...variables,
    },
    dataDir: folder,
    say: line => said.push(line),
  })
  return { console, said }
}

/** Lets nothing listen on a port. */
function forbidden(test: TestContext, port: number, code: string): void {
  const { listen } = Server.prototype
  test.mock.method(Server.prototype, 'listen', function (this: Server, ...args: [number]) {
    if (args[0] !== port) return listen.apply(this, args)
    setImmediate(() => this.emit('error', Object.assign(new Error(code), { code })))
    return this
  })
}

describe('the console that npm start serves', () => {
  it('given a port in use, then it says so, and serves the other one', async () => {
    const { console, said } = await startTestConsole({ KAFKA_BROKERS: '127.0.0.1:1' })
    try {
      const { port } = new URL(console.address ?? '')
      const second = await startTestConsole({ KAFKA_BROKERS: '127.0.0.1:1', CONSOLE_PORT: port })
      await second.console.close()
      assert.deepEqual([said, second.said.length, second.console.address], [[], 1, undefined])
      assert.match(
        second.said[0] ?? '',
        new RegExp(`console is not available: port ${port} is in use.*CONSOLE_PORT=`),
      )
    } finally {
      await console.close()
    }
  })

  it('given a port that requires privileges, then it says so, and serves the other one', async test => {
    const port = await freePort()
    forbidden(test, port, 'EACCES')
    const { console, said } = await startTestConsole({
      KAFKA_BROKERS: '127.0.0.1:1',
      KAFKA_UI_PORT: `${port}`,
    })
    await console.close()
    assert.match(
      said.join(),
      /The Kafka pages are not available on a separate port: port \d+ requires privileges/,
    )
    assert.ok(console.address)
  })
})
