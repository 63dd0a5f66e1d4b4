import { startApart } from '@sluice/test-kit/start-apart'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { registryServer } from '../../localstack/services/registry.ts'
import { LOCAL } from '../../scripts/paths.ts'

export interface Apicurio {
  /** URL of the registry's Confluent-compatible API. */
  readonly uri: string
  /** Registers a schema and returns its id. */
  register(subject: string, schema: string, schemaType: string, references?: object[]): Promise<number>
  stop(): Promise<void>
}

/** Starts a real schema registry, initially without schemas. */
export async function startApicurio(): Promise<Apicurio> {
  const { ports, stop } = await startApart(1, ([port = 0], dataDir) => [
    registryServer({ port, dataDir, cacheDir: LOCAL }),
  ])
  const uri = localRegistryUrl(ports[0] as number)
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
