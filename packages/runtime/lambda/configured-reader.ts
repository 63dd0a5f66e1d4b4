import { readSecret } from '../adapters/aws/secrets-and-parameters.ts'
import { OnDemandDataReader } from '../adapters/registry/data-reader.ts'
import type { Application } from '../consumer/application.ts'
import type { DataReader } from '../pipeline/ports.ts'
import type { RegistrySettings } from '../settings/registry.ts'

/**
 * Returns the reader for data that is not plain JSON. It uses the configured schema registry or, without one,
 * the schemas of the application.
 */
export function configureDataReader(
  application: Pick<Application, 'packagedSchema' | 'withEmptyCollections' | 'takesWholeEvents'>,
  { registry }: RegistrySettings,
): DataReader {
  if (!registry) return new OnDemandDataReader(application)
  const { url, secret } = registry
  return new OnDemandDataReader(application, { url, ...(secret ? { login: () => readLogin(secret) } : {}) })
}

async function readLogin(secret: string) {
  const { username = '', password = '' } = await readSecret(secret)
  return { username: String(username), password: String(password) }
}
