import { array, check, custom, type InferOutput, nullish, picklist, pipe } from 'valibot'
import { hasUpTo, isObject, withoutLogin } from '../support/config-values.ts'
import { createArnSchema } from './aws-names.ts'
import { mustBe, settingsMap } from './setting-errors.ts'
import type { Settings } from './settings.ts'

/** The schema registry of a mapping, from `schemaRegistryConfig` of its event. See rules 14 and 15 in `RULES.md`. */
export interface RegistryConfig {
  readonly uri: string
  readonly form: 'JSON' | 'SOURCE'
  readonly validates: readonly ('KEY' | 'VALUE')[]
}

const ACCESS_TYPES = [
  'BASIC_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  'OAUTHBEARER_AUTH',
] as const

const ADDRESS: ReturnType<typeof mustBe> = issue =>
  withoutLogin(mustBe('the address of a registry, or the ARN of one in Glue')(issue))
const ATTRIBUTES = mustBe('a list of { attribute: KEY } and { attribute: VALUE }')
const ACCESS = mustBe(`a list of up to two { type, uri }, of the types ${ACCESS_TYPES.join(', ')}`)

/** Schema of `schemaRegistryConfig`, which corresponds to the property `SchemaRegistryConfig` of an event source mapping. */
export const REGISTRY = settingsMap({
  schemaRegistryURI: custom<string | object>(
    value => isObject(value) || /^(https?:\/\/|arn:[\w-]+:glue:)[\w/*:+=.@-]{1,9900}$/.test(String(value)),
    ADDRESS,
  ),
  eventRecordFormat: picklist(['JSON', 'SOURCE'], mustBe('"JSON" or "SOURCE"')),
  schemaValidationConfigs: pipe(
    array(settingsMap({ attribute: picklist(['KEY', 'VALUE'], mustBe('"KEY" or "VALUE"')) }), ATTRIBUTES),
    check(list => hasUpTo(2, list), ATTRIBUTES),
  ),
  accessConfigs: nullish(
    pipe(
      array(
        settingsMap({
          type: picklist(ACCESS_TYPES, mustBe(`one of ${ACCESS_TYPES.join(', ')}`)),
          uri: createArnSchema('secretsmanager', 'a secret'),
        }),
        ACCESS,
      ),
      check(list => list.length === 0 || hasUpTo(2, list), ACCESS),
    ),
  ),
})

export type RegistrySettings = InferOutput<typeof REGISTRY>

/**
 * Returns the registry to use locally: the registry in the plugin's settings or, without one, the event's registry. Returns
 * undefined for AWS Glue, for which no local registry exists.
 */
export function localRegistry(
  { schemaRegistryURI: named, eventRecordFormat, schemaValidationConfigs }: RegistrySettings,
  { schemaRegistry }: Pick<Settings, 'schemaRegistry'>,
): RegistryConfig | undefined {
  const uri = schemaRegistry ?? (typeof named === 'string' && /^https?:/.test(named) ? named : undefined)
  return uri === undefined
    ? undefined
    : {
        uri,
        form: eventRecordFormat,
        validates: schemaValidationConfigs.map(({ attribute }) => attribute),
      }
}
