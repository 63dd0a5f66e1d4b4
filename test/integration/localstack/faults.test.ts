import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { freePort, isPortInUse, LOOPBACK } from '#local-servers/ports'
import type { ServiceEvent } from '#local-servers/report'
import { requireJava, requireMaven, requirePython } from '#local-servers/requirements'
import { startServices } from '../../../localstack/start-services.ts'
import { ownServices, temporaryFolder } from './support.ts'

describe('given a condition that prevents the servers from starting', () => {
  const { folder, remove } = temporaryFolder()
  after(remove)

  it('when a port is in use, then the message names it and its variable, and nothing is started', async () => {
    const events: ServiceEvent[] = []
    const options = await ownServices(join(folder, 'taken'), events)
    const stranger = createServer().listen(options.valkey.port, LOOPBACK)
    await assert.rejects(startServices(options), (error: Error) => {
      assert.match(error.message, new RegExp(`^Port ${options.valkey.port} for Valkey .*REDIS_PORT=\\d+$`))
      return true
    })
    stranger.close()
    assert.deepEqual(events, [])
  })

  it('when one server does not start, then its reason is the error, and the others are stopped', async () => {
    const options = await ownServices(join(folder, 'broken'))
    const aof = join(options.dataDir, 'valkey', 'appendonlydir')
    mkdirSync(aof, { recursive: true })
    writeFileSync(join(aof, 'appendonly.aof.manifest'), 'this is not a manifest\n')
    await assert.rejects(startServices(options), (error: Error) => {
      assert.match(
        error.message,
        /^Valkey .* did not start: it ended with exit code 1\.\n {2}Its log says: .*manifest/,
      )
      assert.match(error.message, /valkey\.log$/)
      return true
    })
    for (const { port } of [options.kafka, options.valkey, options.aws])
      assert.equal(await isPortInUse(port), false)
  })

  it('when the start is aborted, then it throws the reason and nothing is left running', async () => {
    const controller = new AbortController()
    const options = await ownServices(join(folder, 'aborted'))
    const reason = new Error('stop requested')
    const report = ({ service, state }: ServiceEvent) => {
      if (service === 'valkey' && state === 'ready') controller.abort(reason)
    }
    await assert.rejects(startServices({ ...options, report, signal: controller.signal }), reason)
    for (const { port } of [options.kafka, options.valkey, options.aws])
      assert.equal(await isPortInUse(port), false)
  })

  it('when a configured server does not answer, then the message says which, and what to do', async () => {
    const options = await ownServices(join(folder, 'used'))
    const address = `redis://user:secret@${LOOPBACK}:${await freePort()}`
    await assert.rejects(startServices({ ...options, valkey: { address } }), (error: Error) => {
      assert.match(
        error.message,
        /^REDIS_URL is set to redis:.*but no server responds there\. Start that server, or unset REDIS_URL/,
      )
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  })

  // Promise docs/local-and-cloud.md#requirements | What is missing on a machine is named, with what to install or set.
  it('when Java, Maven or Python is missing, then each message names what to install or set', async () => {
    const nothing = { PATH: folder }
    await assert.rejects(requireJava(nothing), /needs Java 17 .*apt install openjdk.*KAFKA_BROKERS/)
    await assert.rejects(requireMaven(nothing), /mvn cannot be run.*apt install maven.*KAFKA_BROKERS/)
    await assert.rejects(requirePython(nothing), /Python 3\.11 or newer.*REDIS_URL/)
  })
})
