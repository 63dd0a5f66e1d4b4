import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { freePorts } from '../../../../localstack/services/ports.ts'
import { startConsole } from '../../../../localstack/start/console.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-start-console-'))
after(() => rmSync(folder, { recursive: true }))

async function started(variables: Readonly<Record<string, string>>) {
  const [consolePort, kafkaUiPort] = await freePorts(2)
  const said: string[] = []
  const console = await startConsole({
    environment: {
      ...{
        CONSOLE_PORT: `${consolePort}`,
        KAFKA_UI_PORT: `${kafkaUiPort}`,
        REDIS_URL: 'redis://127.0.0.1:1',
      },
      ...variables,
    },
    dataDir: folder,
    say: line => said.push(line),
    standing: () => [],
  })
  return { console, said }
}

describe('the console that npm start serves', () => {
  for (const [where, brokers, expected] of [
    ['on this machine', '127.0.0.1:1', true],
    ['elsewhere', 'kafka.example.org:9092', false],
  ] as const)
    it(`given brokers ${where}, then readings can${expected ? '' : 'not'} be written`, async () => {
      const { console } = await started({ KAFKA_BROKERS: brokers })
      try {
        const { origin, search } = new URL(console.address ?? '')
        const headers = { authorization: `Bearer ${new URLSearchParams(search).get('token')}` }
        const answer = await fetch(`${origin}/api/environment`, { headers })
        assert.equal(((await answer.json()) as { isLocal: boolean }).isLocal, expected)
      } finally {
        await console.close()
      }
    })
})
