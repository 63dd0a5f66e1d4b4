import { isObject, show } from '../support/values.ts'

/** The schema registry of a mapping, from `schemaRegistryConfig` of its event. Rules 14, 15. */
export interface RegistryConfig {
  /** Its local address. */
  readonly uri: string
  /** What the function receives. */
  readonly form: 'JSON' | 'SOURCE'
  readonly validates: readonly ('KEY' | 'VALUE')[]
}

/** The checked `schemaRegistryConfig`: the property of the mapping, in the framework's spelling. */
export interface RegistrySettings {
  readonly schemaRegistryURI: unknown
  readonly eventRecordFormat: RegistryConfig['form']
  readonly schemaValidationConfigs: readonly { readonly attribute: 'KEY' | 'VALUE' }[]
  readonly accessConfigs?: readonly { readonly type: string; readonly uri: unknown }[]
}

const ACCESS_TYPES = ['BASIC_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH', 'SERVER_ROOT_CA_CERTIFICATE']

const CHECKS: Readonly<
  Record<keyof RegistrySettings, readonly [must: string, holds: (value: unknown) => boolean]>
> = {
  schemaRegistryURI: [
    'the address of a registry, or the ARN of one in Glue',
    value => isObject(value) || /^https?:\/\/.|^arn:[\w-]+:glue:/.test(String(value)),
  ],
  eventRecordFormat: ['"JSON" or "SOURCE"', value => value === 'JSON' || value === 'SOURCE'],
  schemaValidationConfigs: ['a list of { attribute: KEY } and { attribute: VALUE }', areAttributes],
  accessConfigs: [
    `a list of up to two { type, uri }, of the types ${ACCESS_TYPES.join(', ')}`,
    value => value === undefined || (Array.isArray(value) && value.length <= 2 && value.every(isAccess)),
  ],
}

/** Returns what is wrong with `schemaRegistryConfig`, if anything. */
export function registryProblem(
  config: Readonly<Record<string, unknown>> | undefined,
): { setting: string; what: string } | undefined {
  if (!config) return undefined
  const unknown = Object.keys(config).find(key => !Object.hasOwn(CHECKS, key))
  if (unknown !== undefined) {
    const known = Object.keys(CHECKS).join(', ')
    return { setting: `schemaRegistryConfig.${unknown}`, what: `is not a setting; known are: ${known}` }
  }
  for (const [key, [must, holds]] of Object.entries(CHECKS)) {
    const value = config[key] ?? undefined
    if (!holds(value))
      return { setting: `schemaRegistryConfig.${key}`, what: `must be ${must}, not ${show(value)}` }
  }
  return undefined
}

/**
 * The registry to use locally: the configured local one, or else the address in the event. Undefined where there is
 * neither, because a Glue registry cannot run on this machine.
 */
export function localRegistry(
  config: RegistrySettings,
  here: string | undefined,
): RegistryConfig | undefined {
  const named = config.schemaRegistryURI
  const uri = here ?? (typeof named === 'string' && /^https?:/.test(named) ? named : undefined)
  const validates = config.schemaValidationConfigs.map(({ attribute }) => attribute)
  return uri === undefined ? undefined : { uri, form: config.eventRecordFormat, validates }
}

function areAttributes(value: unknown): boolean {
  const isAttribute = (entry: unknown) =>
    isObject(entry) && (entry.attribute === 'KEY' || entry.attribute === 'VALUE')
  return Array.isArray(value) && value.length >= 1 && value.length <= 2 && value.every(isAttribute)
}

function isAccess(entry: unknown): boolean {
  return (
    isObject(entry) &&
    ACCESS_TYPES.includes(String(entry.type)) &&
    (isObject(entry.uri) || typeof entry.uri === 'string')
  )
}
