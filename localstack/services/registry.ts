import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { LOCAL } from '../../programs/paths.ts'
import type { Server } from './definition.ts'
import { ensureInstalled, type InstallContext } from './install.ts'
import { LOOPBACK } from './ports.ts'
import { registryAnswers } from './probes.ts'
import type { Launch } from './process.ts'
import { requireJava, requireMaven } from './requirements.ts'
import { runTool } from './tool.ts'

/** The last version that runs on Java 17. */
const VERSION = '2.6.13.Final'
const TITLE = `Apicurio Registry ${VERSION}`
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
const JAR = `apicurio-registry-app-${VERSION}-runner.jar`
const INSTALLED = join(LOCAL, 'registry', VERSION)
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'
const HEAP = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

export interface RegistryOptions {
  readonly port: number
  readonly dataDir: string
}

/** A schema registry on loopback, from Maven. It keeps its schemas in a file, because records in Kafka name them by id. */
export function registryServer({ port, dataDir }: RegistryOptions): Server {
  const dir = join(dataDir, 'registry-data')
  return {
    name: 'registry',
    title: TITLE,
    variable: 'REGISTRY_PORT',
    port,
    dir,
    install: installRegistry,
    prepare: () => prepareRegistry(port, dir),
    answers: () => registryAnswers(localRegistryUrl(port)),
  }
}

async function prepareRegistry(port: number, dir: string): Promise<Launch> {
  await mkdir(dir, { recursive: true })
  const settings = [
    `-Dquarkus.http.host=${LOOPBACK}`,
    `-Dquarkus.http.port=${port}`,
    // The name of the folder in the command line identifies the server as one of this project's.
    `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(dir, 'registry')}`,
  ]
  const args = [...HEAP, ...settings, '-jar', join(INSTALLED, JAR)]
  return { command: await requireJava(), args, env: process.env }
}

function installRegistry(context: InstallContext): Promise<void> {
  return ensureInstalled(
    {
      service: 'registry',
      title: `${TITLE} from Maven`,
      dir: INSTALLED,
      probe: JAR,
      wanted: VERSION,
      fill: dir => fill(dir, context),
    },
    context,
  )
}

async function fill(dir: string, { signal, logsDir }: InstallContext): Promise<void> {
  const options = { task: `Installing ${TITLE}`, logFile: join(logsDir, 'install-registry.log'), signal }
  const args = [
    '--batch-mode',
    '--no-transfer-progress',
    COPY,
    `-Dartifact=${ARTIFACT}`,
    `-DoutputDirectory=${dir}`,
  ]
  await runTool({ command: await requireMaven(), args, env: process.env }, options)
  const archive = join(dir, `apicurio-registry-app-${VERSION}-all.tar.gz`)
  await runTool({ command: 'tar', args: ['xzf', archive, '-C', dir], env: process.env }, options)
  await rm(archive)
}
