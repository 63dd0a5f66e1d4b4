import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { freePort } from '../../localstack/services/ports.ts'
import { registryServer } from '../../localstack/services/registry.ts'
import { startServer } from '../../localstack/services/server.ts'
import { LOGS_DIR } from '../../programs/paths.ts'
import { HOPELESS_MS } from './until.ts'

export interface Apicurio {
  /** The address of its Confluent-compatible API. */
  readonly uri: string
  /** Registers a schema and returns its id. */
  register(subject: string, schema: string, schemaType: string, references?: object[]): Promise<number>
  stop(): Promise<void>
}

/** Starts a real schema registry without any schemas. After a restart on the same port it is empty. */
export async function startApicurio(port?: number): Promise<Apicurio> {
  const at = port ?? (await freePort())
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-registry-'))
  const remove = () => rm(dataDir, { recursive: true, force: true })
  const context = {
    report: () => {},
    signal: AbortSignal.timeout(HOPELESS_MS),
    logsDir: LOGS_DIR,
    logFile: join(LOGS_DIR, 'registry.log'),
    revive: false,
  }
  const running = await startServer(registryServer({ port: at, dataDir }), context).catch(async error => {
    await remove()
    throw error
  })
  const uri = localRegistryUrl(at)
  return {
    uri,
    stop: async () => {
      await running.stop()
      await remove()
    },
    async register(subject, schema, schemaType, references = []) {
      const response = await fetch(`${uri}/subjects/${encodeURIComponent(subject)}/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ schema, schemaType, references }),
      })
      const answer = (await response.json()) as { id?: number }
      if (answer.id === undefined) throw new Error(`not registered: ${JSON.stringify(answer)}`)
      return answer.id
    },
  }
}
