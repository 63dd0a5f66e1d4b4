import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../../../../test/support/program.ts'
import { cacheFolder } from '../../broker/install.ts'

const COMMAND = fileURLToPath(new URL('../../broker/command.ts', import.meta.url))
const refused = async (env: Record<string, string>, ...args: string[]) => {
  const { code, output } = await runProgram(COMMAND, args, { env })
  assert.equal(code, 1, output)
  return output
}

describe('the command that runs a Kafka', () => {
  it('given --help, then it says what it needs and its options', async () => {
    const { code, stdout } = await runProgram(COMMAND, ['--help'])
    assert.equal(code, 0)
    assert.match(stdout, /Java 17 or newer and Maven[\s\S]*--port N[\s\S]*--fresh/)
  })

  it('given no command, another one, an unknown option or no port, then it names that, and the usage', async () => {
    assert.match(await refused({}), /^A command is missing\.\n\nUsage: /)
    assert.match(await refused({}, 'redis'), /^"redis" is not a command\.\n\nUsage: /)
    assert.match(await refused({}, 'kafka', '--prot', '1'), /^Unknown option '--prot'[\s\S]*Usage: /)
    assert.match(
      await refused({}, 'kafka', '--port', 'x'),
      /^--port is "x", but a port is a number from 1 to 65535/,
    )
  })

  it('given a port that is taken, then it says so and starts nothing', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      assert.match(
        await refused({}, 'kafka', '--port', `${port}`),
        RegExp(`^127.0.0.1:${port} is already in use`),
      )
    } finally {
      server.close()
    }
  })

  it('given no Java, then it says so and names Docker as another way', async () => {
    const output = await refused({ JAVA_HOME: '/nowhere' }, 'kafka', '--port', '1')
    assert.match(output, /^Kafka needs Java 17 or newer, but \S+java cannot be run\..*Docker/)
  })
})

describe('the folder of its downloads and records', () => {
  it('is that of the platform for caches, or in XDG_CACHE_HOME, and never in the project', () => {
    const name = 'serverless-offline-msk-trigger'
    assert.match(cacheFolder({}, 'linux'), /\.cache\/serverless-offline-msk-trigger$/)
    assert.match(cacheFolder({}, 'darwin'), /Library\/Caches\/serverless-offline-msk-trigger$/)
    assert.equal(cacheFolder({ LOCALAPPDATA: 'local' }, 'win32'), join('local', name))
    assert.equal(cacheFolder({ XDG_CACHE_HOME: 'own' }, 'linux'), join('own', name))
  })
})
