import { array, custom, type InferOutput, maxLength, minLength, nullish, picklist, pipe } from 'valibot'
import { isObject } from '../support/values.ts'
import { must, settingsMap } from './setting-errors.ts'

/** The schema registry of a mapping, from `schemaRegistryConfig` of its event. Rules 14, 15. */
export interface RegistryConfig {
  /** Its local address. */
  readonly uri: string
  /** What the function receives. */
  readonly form: 'JSON' | 'SOURCE'
  readonly validates: readonly ('KEY' | 'VALUE')[]
}

const ACCESS_TYPES = ['BASIC_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH', 'SERVER_ROOT_CA_CERTIFICATE'] as const

const ADDRESS = must('the address of a registry, or the ARN of one in Glue')
const ATTRIBUTES = must('a list of { attribute: KEY } and { attribute: VALUE }')
const ACCESS = must(`a list of up to two { type, uri }, of the types ${ACCESS_TYPES.join(', ')}`)

/** `schemaRegistryConfig`: the property of the mapping, in the framework's spelling. */
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

/** The checked `schemaRegistryConfig`. */
export type RegistrySettings = InferOutput<typeof REGISTRY>

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
