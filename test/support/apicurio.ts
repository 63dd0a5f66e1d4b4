import { freePort } from '#local-servers/ports.ts'
import { startApart } from '#local-servers/start-server.ts'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { registryServer } from '../../localstack/services/registry.ts'
import { LOCAL } from '../../scripts/paths.ts'
import { HOPELESS_MS } from './until.ts'

export interface Apicurio {
  /** URL of the registry's Confluent-compatible API. */
  readonly uri: string
  /** Registers a schema and returns its id. */
  register(subject: string, schema: string, schemaType: string, references?: object[]): Promise<number>
  stop(): Promise<void>
}

/** Starts a real schema registry, initially without schemas. Schemas are lost when it is restarted on the same port. */
export async function startApicurio(port?: number): Promise<Apicurio> {
  const at = port ?? (await freePort())
  const { stop } = await startApart(dataDir => [registryServer({ port: at, dataDir, cacheDir: LOCAL })], {
    signal: AbortSignal.timeout(HOPELESS_MS),
  })
  const uri = localRegistryUrl(at)
  return {
    uri,
    stop,
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
