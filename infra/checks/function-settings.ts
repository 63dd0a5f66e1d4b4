/**
 * Finds errors in the functions' environment variables before a deployment, so that functions do not fail when they start.
 */

import { resolveFormats, type Serialization } from '#runtime/consumer'
import { parseRedisUrl } from '#runtime/operating/servers'
import { ConfigError } from '#runtime/settings'
import { SLICES } from '../../control/environment/config.ts'
import { listSerializedTypes } from '../../lib/app/data/serialized-types.ts'
import { type Environment, readSettings } from '../../lib/app/settings/index.ts'
import { isLoopback } from '../../lib/support/loopback.ts'
import type { Families } from '../../lib/telemetry/index.ts'

/** Environment variables of a function in the template. Values are strings or CloudFormation expressions. */
type Variables = Readonly<Record<string, unknown>>

/**
 * Returns all errors in the settings of functions. An error that several functions share is returned once.
 *
 * @param families families of the readings that SERIALIZATION may name
 * @param functions environment variables by function
 */
export function findSettingsProblems(
  families: Families,
  functions: Readonly<Record<string, Variables>>,
  region: string,
): string[] {
  const found = new Map<string, string[]>()
  for (const [name, variables] of Object.entries(functions))
    for (const error of findErrors(families, { AWS_REGION: region, ...variables }))
      found.set(error, [...(found.get(error) ?? []), name])
  const all = Object.keys(functions).length
  return [...found].map(([error, names]) =>
    names.length === all ? `${error}.` : `${error} (in ${names.join(', ')}).`,
  )
}

function findErrors(families: Families, variables: Variables): readonly string[] {
  const texts = Object.entries(variables).filter(([, value]) => typeof value !== 'object')
  const filledInLater = Object.keys(variables).filter(name => typeof variables[name] === 'object')
  const environment = Object.fromEntries(texts.map(([name, value]) => [name, String(value)]))
  const plain = environment.SLUICE_ENV === 'local' ? [] : findPlainTextErrors(environment)
  try {
    return [...plain, ...findSerializationErrors(families, readSettings(SLICES, environment).serialization)]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [
      ...plain,
      ...error.errors.filter(line => !filledInLater.some(name => line.split(/[ :,]/).includes(name))),
    ]
  }
}

/** Returns errors for addresses to which data or credentials would be sent unencrypted. Loopback addresses are allowed. */
function findPlainTextErrors(given: Environment): string[] {
  const redis = parseRedisUrl(given.REDIS_URL?.trim() ?? '')
  const isPlainRedis = redis?.tls === false && !redis.hosts.every(({ host }) => isLoopback(host))
  const http = ['SCHEMA_REGISTRY_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT'].filter(name => {
    const url = URL.parse(given[name]?.trim() ?? '')
    return url?.protocol === 'http:' && !isLoopback(url.hostname)
  })
  return [
    ...(isPlainRedis
      ? ['REDIS_URL: must begin with rediss:// outside of "local": states and the password need TLS']
      : []),
    ...http.map(
      name => `${name}: must begin with https:// outside of "local": data and credentials need TLS`,
    ),
    ...(given.KAFKA_TLS?.trim() === 'off'
      ? ['KAFKA_TLS: must not be off outside of "local": the password needs TLS']
      : []),
  ]
}

/** Returns true for a database of RDS, but not for a proxy of RDS: Node.js knows the authority of its certificate. */
const isRds = (host: string) => /[.]rds[.]amazonaws[.]com([.]cn)?$/.test(host) && !host.includes('.proxy-')

/**
 * Returns an error for a database whose certificate functions cannot verify, since the Lambda runtime loads no authorities of AWS.
 *
 * @param functions environment variables of the functions that connect to the database, by function
 */
export function findAuthorityProblems(functions: Readonly<Record<string, Variables>>): string[] {
  const failing = Object.entries(functions).filter(([, { STORAGE_URL = '', NODE_EXTRA_CA_CERTS = '' }]) => {
    const url = URL.parse(String(STORAGE_URL).trim())
    if (!url || NODE_EXTRA_CA_CERTS || !isRds(url.hostname) || url.searchParams.get('sslrootcert'))
      return false
    return /^(prefer|require|verify-ca|verify-full)$/.test(url.searchParams.get('sslmode') ?? '')
  })
  if (failing.length === 0) return []
  const names = failing.map(([name]) => name).join(' and ')
  return [
    `STORAGE_URL: Node.js does not know the authority of RDS, so ${names} cannot verify the database. Add global-bundle.pem to ` +
      `package.patterns, and NODE_EXTRA_CA_CERTS: /var/task/global-bundle.pem to the environment of ${names}: docs/storage.md#rds.`,
  ]
}

/** Checks that the families and event types in the setting exist. */
function findSerializationErrors(families: Families, serialization: Serialization): string[] {
  try {
    resolveFormats(serialization, listSerializedTypes(families))
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [...error.errors]
  }
}
