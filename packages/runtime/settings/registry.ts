import { omitUndefined } from '../consumer/omit-undefined.ts'
import { type SlicePart, setting, slice } from './slice.ts'
import { httpAddress, text } from './value-kinds.ts'

/**
 * Address of a registry. An address with credentials is rejected, because every message that names the registry would reveal them.
 */
const REGISTRY_ADDRESS = httpAddress(
  'http://host:port or https://host, with a path if the registry has one, and without user and password: these belong in the secret that SCHEMA_REGISTRY_SECRET names',
)

export const REGISTRY = slice(
  'Schema registry',
  {
    SCHEMA_REGISTRY_URL: setting('schema_registry.url', REGISTRY_ADDRESS, {
      option: '--registry <url>',
      description: "A schema registry with Confluent's API, for [data formats](data-formats.md).",
      otherwise: 'data in Avro and Protobuf has the packaged schema of its event type',
    }),
    SCHEMA_REGISTRY_SECRET: setting('schema_registry.secret', text(/\S/, 'the name of a secret'), {
      description: 'The secret with the user and the password, as `{"username": "…", "password": "…"}`.',
      otherwise: 'requests to the registry have no credentials',
    }),
  },
  ({ SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_SECRET: secret }, refuse) => {
    if (secret && !url) refuse('SCHEMA_REGISTRY_URL', 'must be set where SCHEMA_REGISTRY_SECRET is')
    return omitUndefined({ registry: url ? omitUndefined({ url, secret }) : undefined })
  },
)

export type RegistrySettings = SlicePart<typeof REGISTRY>
