import { array, custom, type InferOutput, maxLength, minLength, nullish, picklist, pipe } from 'valibot'
import { isObject, withoutLogin } from '../support/values.ts'
import type { LoginSettings, TlsSettings } from './security.ts'
import { must, settingsMap } from './setting-errors.ts'
import type { Settings } from './settings.ts'

/** The schema registry of a mapping, from `schemaRegistryConfig` of its event. See rules 14 and 15 in `RULES.md`. */
export interface RegistryConfig {
  readonly uri: string
  readonly form: 'JSON' | 'SOURCE'
  readonly validates: readonly ('KEY' | 'VALUE')[]
  /** Credentials and certificates, each with the name of the setting that contains them. */
  readonly auth?: { readonly setting: string; readonly login: LoginSettings }
  readonly tls?: { readonly setting: string; readonly certificates: TlsSettings }
}

const ACCESS_TYPES = ['BASIC_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH', 'SERVER_ROOT_CA_CERTIFICATE'] as const

const TLS_TYPES = ACCESS_TYPES.slice(1)

const ADDRESS: ReturnType<typeof must> = issue =>
  withoutLogin(must('the address of a registry, or the ARN of one in Glue')(issue))
const ATTRIBUTES = must('a list of { attribute: KEY } and { attribute: VALUE }')
const ACCESS = must(`a list of up to two { type, uri }, of the types ${ACCESS_TYPES.join(', ')}`)

/** Schema of `schemaRegistryConfig`, which corresponds to the property `SchemaRegistryConfig` of an event source mapping. */
export const REGISTRY = settingsMap({
  schemaRegistryURI: custom<string | object>(
    value => isObject(value) || /^https?:\/\/.|^arn:[\w-]+:glue:/.test(String(value)),
    ADDRESS,
  ),
  eventRecordFormat: picklist(['JSON', 'SOURCE'], must('"JSON" or "SOURCE"')),
  schemaValidationConfigs: pipe(
    array(settingsMap({ attribute: picklist(['KEY', 'VALUE'], must('"KEY" or "VALUE"')) }), ATTRIBUTES),
    minLength(1, ATTRIBUTES),
    maxLength(2, ATTRIBUTES),
  ),
  accessConfigs: nullish(
    pipe(
      array(
        settingsMap({
          type: picklist(ACCESS_TYPES, must(`one of ${ACCESS_TYPES.join(', ')}`)),
          uri: custom<string | object>(
            value => isObject(value) || typeof value === 'string',
            must('the ARN of a secret'),
          ),
        }),
        ACCESS,
      ),
      maxLength(2, ACCESS),
    ),
  ),
})

export type RegistrySettings = InferOutput<typeof REGISTRY>

export type RegistryPluginSettings = Pick<Settings, 'schemaRegistry'> &
  Partial<Pick<Settings, 'registryAuth' | 'registrySsl'>>

/**
 * Returns the registry to use locally: the registry in the plugin's settings or, without one, the event's registry and its secrets.
 * Returns undefined for AWS Glue, for which no local registry exists.
 */
export function localRegistry(
  config: RegistrySettings,
  { schemaRegistry, registryAuth, registrySsl }: RegistryPluginSettings,
): RegistryConfig | undefined {
  const named = config.schemaRegistryURI
  const uri = schemaRegistry ?? (typeof named === 'string' && /^https?:/.test(named) ? named : undefined)
  if (uri === undefined) return undefined
  const own = uri === named ? eventAccess(config) : {}
  return {
    uri,
    form: config.eventRecordFormat,
    validates: config.schemaValidationConfigs.map(({ attribute }) => attribute),
    ...own,
    ...(registryAuth && { auth: { setting: 'custom.mskTrigger.registryAuth', login: registryAuth } }),
    ...(registrySsl && { tls: { setting: 'custom.mskTrigger.registrySsl', certificates: registrySsl } }),
  }
}

/** Returns the secrets with which Lambda itself would access the registry. See rule 14 in `RULES.md`. */
function eventAccess({ accessConfigs }: RegistrySettings): Pick<RegistryConfig, 'auth' | 'tls'> {
  const secrets = new Map((accessConfigs ?? []).map(({ type, uri }) => [type, uri]))
  const arn = (type: (typeof ACCESS_TYPES)[number]) => {
    const uri = secrets.get(type)
    return typeof uri === 'string' ? uri : undefined
  }
  const setting = (...types: string[]) => `schemaRegistryConfig.accessConfigs (${types.join(', ')})`
  const login = arn('BASIC_AUTH')
  const [certificate, ca] = [arn('CLIENT_CERTIFICATE_TLS_AUTH'), arn('SERVER_ROOT_CA_CERTIFICATE')]
  const certificates = { ...(certificate && { secret: certificate }), ...(ca && { ca }) }
  return {
    ...(login && { auth: { setting: setting('BASIC_AUTH'), login: { secret: login } } }),
    ...((certificate || ca) && { tls: { setting: setting(...TLS_TYPES), certificates } }),
  }
}
