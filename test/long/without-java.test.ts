/** A machine that has Node and Python, and neither Java nor Maven. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startApart } from '@sluice/test-kit/start-apart'
import { kafkaServers } from '#local-servers/kafka'
import { LOOPBACK } from '#local-servers/ports'
import { kafkaAnswers } from '#local-servers/probes'
import type { ServiceEvent } from '#local-servers/report'
import { requireJava, requireMaven, requirePython } from '#local-servers/requirements'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { registryAnswers } from '../../localstack/services/http-probes.ts'
import { registryServer } from '../../localstack/services/registry.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'

describe('given a PATH with Node and Python, without java and mvn', () => {
  const { folder, remove } = temporaryFolder()
  const { PATH, JAVA_HOME } = process.env

  before(async () => {
    const programs = join(folder, 'bin')
    mkdirSync(programs)
    symlinkSync(process.execPath, join(programs, 'node'))
    symlinkSync(await requirePython(), join(programs, 'python3'))
    for (const name of ['sh', 'tar', 'gzip']) symlinkSync(findProgram(name), join(programs, name))
    process.env.PATH = programs
    delete process.env.JAVA_HOME
  })

  after(() => {
    process.env.PATH = PATH
    if (JAVA_HOME !== undefined) process.env.JAVA_HOME = JAVA_HOME
    remove()
  })

  // Promise docs/local-and-cloud.md#requirements
  it('when Kafka and the schema registry start, then a Java is installed, and both answer', async () => {
    await assert.rejects(requireJava())
    await assert.rejects(requireMaven())
    const events: ServiceEvent[] = []
    const cacheDir = join(folder, 'cache')
    const report = (event: ServiceEvent) => void events.push(event)
    const { ports, stop } = await startApart(
      2,
      ([kafka = 0, registry = 0], dataDir) => [
        ...kafkaServers({ ports: [kafka], dataDir, cacheDir }),
        registryServer({ port: registry, dataDir, cacheDir }),
      ],
      { report },
    )
    try {
      const [kafka = 0, registry = 0] = ports
      assert.ok(await kafkaAnswers(`${LOOPBACK}:${kafka}`))
      assert.ok(await registryAnswers(localRegistryUrl(registry)))
      assert.ok(events.some(({ state, detail }) => state === 'installed' && detail.startsWith('Java')))
    } finally {
      await stop()
    }
  })

  function findProgram(name: string): string {
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
  }
})
