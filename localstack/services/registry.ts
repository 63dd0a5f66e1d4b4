import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Package } from '#local-servers/install'
import { buildCopyGoal, fetchJars } from '#local-servers/jars'
import { ensureJava } from '#local-servers/java'
import { LOOPBACK } from '#local-servers/ports'
import { jvmOptions } from '#local-servers/requirements'
import type { Server, ServerOptions } from '#local-servers/server-definition'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { registryAnswers } from './http-probes.ts'

/** Last version that supports Java 17. */
const VERSION = '2.6.13.Final'
const LOCK = join(import.meta.dirname, 'apicurio.txt')
const TITLE = `Apicurio Registry ${VERSION}`

function apicurioPackage(cacheDir: string): Package {
  return {
    service: 'registry',
    title: TITLE,
    dir: join(cacheDir, 'registry', VERSION),
    probe: `apicurio-registry-app-${VERSION}-runner.jar`,
    version: VERSION,
    async fill(dir, run, context) {
      const goal = buildCopyGoal(`io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`, dir)
      await fetchJars({ lock: LOCK, goal, service: 'registry', cacheDir }, dir, run, context)
      const archive = join(dir, `apicurio-registry-app-${VERSION}-all.tar.gz`)
      await run({ command: 'tar', args: ['xzf', archive, '-C', dir] })
      await rm(archive)
    },
  }
}

/**
 * Schema registry, listening on the loopback address. Schemas are stored in a file, because records in Kafka refer to
 * them by id.
 */
export function registryServer({ port, dataDir, cacheDir }: ServerOptions): Server {
  const installed = apicurioPackage(cacheDir)
  const dir = join(dataDir, 'registry-data')
  return {
    name: 'registry',
    title: TITLE,
    variable: 'REGISTRY_PORT',
    port,
    dir,
    package: installed,
    async prepare(context) {
      const options = await jvmOptions(dir)
      const settings = [
        `-Dquarkus.http.host=${LOOPBACK}`,
        `-Dquarkus.http.port=${port}`,
        `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(dir, 'registry')}`,
      ]
      const args = [...options, ...settings, '-jar', join(installed.dir, installed.probe)]
      return { command: await ensureJava(cacheDir, { service: 'registry', ...context }), args }
    },
    answers: () => registryAnswers(localRegistryUrl(port)),
  }
}
