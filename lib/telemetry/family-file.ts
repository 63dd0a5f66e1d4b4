/** Content of a file in `config/families/` that has been validated against its schema. */
import type { NamedStrategy } from './key.ts'
import type { MetricKind } from './metric-kinds.ts'

export type StateValues = 'any' | readonly string[]

export interface RawField {
  readonly type?: 'text' | 'number'
  readonly required?: boolean
  readonly min?: number
  readonly max?: number
  readonly description?: string
}

export interface RawMetric {
  readonly unit?: string
  readonly is?: MetricKind
  readonly type?: 'number' | 'integer'
  readonly min?: number
  readonly max?: number
  readonly description?: string
}

export interface RawFamily {
  readonly family: string
  /** CloudEvents type of the readings. The reader of the files adds it if a file does not name it. */
  readonly type: string
  readonly description?: string
  readonly entity: { readonly source: string; readonly subject: string; readonly from?: 'data' | 'event' }
  readonly keys?: Readonly<Partial<Record<Exclude<NamedStrategy, 'random'>, string>>>
  readonly keyedBy?: Exclude<NamedStrategy, 'random'>
  readonly dimensions?: Readonly<Record<string, string>>
  readonly fields?: Readonly<Record<string, RawField | null>>
  readonly metrics?: Readonly<Record<string, RawMetric | null>>
  readonly others?: 'numbers'
  readonly states?: Readonly<
    Record<string, StateValues | { readonly values: StateValues; readonly description?: string }>
  >
  readonly tags?: readonly string[]
  readonly silentAfter?: string
  readonly changesOf?: string
  readonly fallenWhen?: { readonly is: string; readonly lasts: string; readonly through?: readonly string[] }
  readonly restartWhen?: {
    readonly memory: string
    readonly falls: number
    readonly within: string
    readonly cpu?: string
    readonly below?: number
  }
  readonly protobuf?: readonly string[]
  /** Lines that say what metrics are, such as `config/families/meter.yaml:7`, for messages. Bundles leave them out. */
  readonly kindsAt?: Readonly<Record<string, string>>
}

/** Returns the description of the readings of a family. */
export function describeReadings({ family, description }: Pick<RawFamily, 'family' | 'description'>): string {
  return description ?? `Readings of the family ${family}. At least one metric is present.`
}

/** Returns the names of a template's fields, such as `location.site` of `/environment/{location.site}`. */
export function listTemplateFields(template: string): string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map(([, field = '']) => field)
}

/** Returns the path of a field that a template or a dimension names. Names that only `tags` lists are below `tags`. */
export function resolveField({ fields = {}, tags = [] }: RawFamily, name: string): string {
  return tags.includes(name) && !Object.hasOwn(fields, name) ? `tags.${name}` : name
}

/** Returns the paths of the fields from which source and subject are derived. */
export function listEntityFields(raw: RawFamily): string[] {
  const { source, subject } = raw.entity
  const names = [source, subject].flatMap(listTemplateFields)
  return [...new Set(names.map(name => resolveField(raw, name)))]
}

/** Returns the fields of the data, by their path: those that the file lists, and before them others of the entity. Tags are not fields. */
export function listFields(raw: RawFamily): Map<string, RawField & { readonly required: boolean }> {
  const entity = listEntityFields(raw).filter(path => !path.startsWith('tags.'))
  const isRequired = (path: string) => raw.entity.from !== 'event' && entity.includes(path)
  const listed = Object.keys(raw.fields ?? {})
  return new Map(
    [...entity.filter(path => !listed.includes(path)), ...listed].map(path => {
      const field = raw.fields?.[path] ?? {}
      return [path, { ...field, required: field.required ?? isRequired(path) }]
    }),
  )
}

/** Returns the allowed values of a state and its description. */
export function toWholeState(state: NonNullable<RawFamily['states']>[string]): {
  readonly values: StateValues
  readonly description?: string
} {
  return typeof state === 'string' || Array.isArray(state)
    ? { values: state as StateValues }
    : (state as never)
}
