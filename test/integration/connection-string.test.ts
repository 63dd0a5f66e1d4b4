import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT, Program } from '@sluice/test-kit/program'

const STRING = 'Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=c2VjcmV0'

describe('a connection string on the command line', { skip: process.platform !== 'linux' }, () => {
  let silent: Server
  before(async () => {
    silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
  })
  after(() => silent.close())

  it('then no process shows it while the command runs', async () => {
    const brokers = `127.0.0.1:${(silent.address() as AddressInfo).port}`
    const args = ['topics', 'list', '--brokers', brokers, '--event-hubs-conn-str', STRING]
    const connected = once(silent, 'connection')
    const command = new Program(join(PROJECT, 'cli', 'bin.mjs'), args, {
      env: { KAFKA_BROKERS: undefined },
    })
    await connected
    const shown = await commandLines()
    command.signal('SIGKILL')
    await command.ended
    assert.ok(shown.length > 3)
    assert.deepEqual(
      shown.filter(line => line.includes('SharedAccessKey=')),
      [],
    )
  })
})

async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  return Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
}
