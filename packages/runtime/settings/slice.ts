/** Groups settings in slices, one per capability. A function needs only the settings of its slices. */
import { type GenericSchema, object, optional, pipe, rawTransform } from 'valibot'
import { type Defined, omitUndefined } from '../consumer/omit-undefined.ts'
import type { Kind } from './value-kinds.ts'

/** Environment variables by name. An empty or blank variable counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>

/** An environment variable, with its names in the other places where it can be set, and its documentation. */
export interface Setting<Value = unknown> {
  /** Purpose of the setting, in full sentences of Markdown. */
  readonly description: string
  /** Description of the allowed values, as in `Kind`. */
  readonly allowed: string
  /** Default value as a user would write it. */
  readonly default?: string
  /** Effect of leaving the variable unset, for a setting without a default. */
  readonly otherwise?: string
  /** Section and key in a settings file, such as `kafka.auth`. */
  readonly key?: string
  /** Option of commands that sets the variable, with a placeholder for its value, such as `--auth <how>`. */
  readonly option?: string
  /**
   * Origin of the value. `person`: set by a person for a deployment. `deployment` and `runtime`: set automatically. `machine`: set
   * for local programs only, because the value is a secret, a file or an address that must not be deployed.
   */
  readonly setBy: 'person' | 'deployment' | 'runtime' | 'machine'
  readonly schema: GenericSchema<string | undefined, Value>
}

type About = Pick<Setting, 'description' | 'default' | 'otherwise'> &
  Partial<Pick<Setting, 'setBy' | 'option'>>

/** Value of a setting, which is undefined if it is unset and has no default. */
type ValueOf<Value, Own extends About> = Own extends { readonly default: string } ? Value : Value | undefined

/** Declares a variable. @param key its name in a settings file; without one, it is not set there */
export function setting<Value, const Own extends About>(
  ...declared: [key: string, kind: Kind<Value>, about: Own] | [kind: Kind<Value>, about: Own]
): Setting<ValueOf<Value, Own>> {
  const [about, { allowed, schema }, key] = declared.toReversed() as [Own, Kind<Value>, string?]
  const value = optional(schema, about.default) as Setting<ValueOf<Value, Own>>['schema']
  return { setBy: 'person', ...about, ...(key && { key }), allowed, schema: value }
}

/** Returns the name of the variable for a setting of an application, such as `SHOP_ENV` for `ENV` of `shop`. */
export function toVariableName(application: string, setting: string): string {
  return `${application.toUpperCase().replaceAll('-', '_')}_${setting}`
}

/** Settings of one capability, and the part of the configuration that is derived from them. */
export interface Slice<Part = unknown, Settings = Readonly<Record<string, Setting>>> {
  /** Heading in the documentation. */
  readonly title: string
  readonly settings: Settings
  readonly schema: GenericSchema<Environment, Part>
}

/** Parsed values of these settings. */
export type SettingValues<Settings> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never
}

/** Part of the configuration that a slice produces. */
export type SlicePart<One extends Slice> = One extends Slice<infer Part> ? Part : never

type CamelCase<Name> = Name extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}${Capitalize<CamelCase<Rest>>}`
  : Name extends string
    ? Lowercase<Name>
    : never

/** Values under the names of their variables in camel case. Values that may be missing are optional. */
type NamedValues<Settings> = Defined<{
  readonly [Name in keyof Settings as CamelCase<Name>]: SettingValues<Settings>[Name]
}>

function nameValues(values: object): object {
  const inCamelCase = (name: string) =>
    name.toLowerCase().replace(/_./g, ([, letter = '']) => letter.toUpperCase())
  return omitUndefined(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [inCamelCase(name), value])),
  )
}

/** Function that reports a value which is invalid only in combination with other settings. The message begins with "must". */
type Refuse<Settings> = (name: keyof Settings & string, message: string) => void

/**
 * Declares the settings of one capability.
 *
 * @param toPart function that derives a part of the configuration from the values, each of which is valid by itself. Without it,
 * the value of `RULES_DIR` is `rulesDir` in the configuration.
 */
export function slice<const Settings extends Readonly<Record<string, Setting>>, Part = NamedValues<Settings>>(
  title: string,
  settings: Settings,
  toPart: (values: SettingValues<Settings>, refuse: Refuse<Settings>) => Part = nameValues as never,
): Slice<Part, Settings> {
  const entries = Object.fromEntries(Object.entries(settings).map(([name, { schema }]) => [name, schema]))
  const schema = pipe(
    object(entries),
    rawTransform<Record<string, unknown>, Part>(({ dataset, addIssue }) => {
      const input = dataset.value
      return toPart(input as SettingValues<Settings>, (key, message) => {
        addIssue({ message, path: [{ type: 'object', origin: 'value', input, key, value: input[key] }] })
      })
    }),
  )
  return { title, settings, schema: schema as unknown as GenericSchema<Environment, Part> }
}
