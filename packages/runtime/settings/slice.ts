/** Settings in slices, one for each capability: a function needs only those of its slices. */
import { type GenericSchema, object, optional, pipe, rawTransform } from 'valibot'
import type { Kind } from './values.ts'

/** Variables by name. An empty or blank variable counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Documentation of a setting. */
export interface Documented {
  /** Purpose, in whole sentences of Markdown. */
  readonly description: string
  /** Which values are allowed, as in `Kind`. */
  readonly allowed: string
  /** The default value, as a person would write it. */
  readonly default?: string
  /** Effect of a missing value, for a setting without a default. */
  readonly otherwise?: string
}

/** One variable of the environment. */
export interface Setting<Value = unknown> extends Documented {
  /**
   * Origin of the value: a person for a deployment, the deployment itself, the platform, or (`machine`) a person for local
   * programs, because it is a secret or a file that must not be deployed.
   */
  readonly setBy: 'person' | 'deployment' | 'runtime' | 'machine'
  readonly schema: GenericSchema<string | undefined, Value>
  /** The value is, or may contain, a secret. */
  readonly isSecret?: true
}

type About = Omit<Documented, 'allowed'> & Partial<Pick<Setting, 'setBy' | 'isSecret'>>

/** Declares a variable. Its value is undefined if it is not set and has no default. */
export function setting<Value>(kind: Kind<Value>, about: About & { readonly default: string }): Setting<Value>
export function setting<Value>(kind: Kind<Value>, about: About): Setting<Value | undefined>
export function setting<Value>(
  { allowed, schema }: Kind<Value>,
  about: About,
): Setting<Value> | Setting<Value | undefined> {
  return { setBy: 'person', ...about, allowed, schema: optional(schema, about.default) }
}

/** Returns the variable of a setting that belongs to an application: `SHOP_ENV` for `ENV` of `shop`. */
export function variableOf(application: string, setting: string): string {
  return `${application.toUpperCase().replaceAll('-', '_')}_${setting}`
}

/** The settings of one capability, and the part of the configuration that is made from them. */
export interface Slice<Part = unknown, Settings = Readonly<Record<string, Setting>>> {
  /** Heading in the documentation. */
  readonly title: string
  readonly settings: Settings
  readonly schema: GenericSchema<Environment, Part>
}

/** The values of these settings. */
export type ValuesOf<Settings> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never
}

/** The part of the configuration that a slice makes. */
export type PartOf<One extends Slice> = One extends Slice<infer Part> ? Part : never

/** Reports a value that is wrong only in combination with other settings. The message begins with "must". */
type Refuse<Settings> = (name: keyof Settings & string, message: string) => void

/**
 * Declares the settings of one capability.
 *
 * @param partOf makes a part of the configuration from values that are each allowed by themselves
 */
export function slice<const Settings extends Readonly<Record<string, Setting>>, Part>(
  title: string,
  settings: Settings,
  partOf: (values: ValuesOf<Settings>, refuse: Refuse<Settings>) => Part,
): Slice<Part, Settings> {
  const entries = Object.fromEntries(Object.entries(settings).map(([name, { schema }]) => [name, schema]))
  const schema = pipe(
    object(entries),
    rawTransform<Record<string, unknown>, Part>(({ dataset, addIssue }) => {
      const input = dataset.value
      return partOf(input as ValuesOf<Settings>, (key, message) => {
        addIssue({ message, path: [{ type: 'object', origin: 'value', input, key, value: input[key] }] })
      })
    }),
  )
  return { title, settings, schema: schema as unknown as GenericSchema<Environment, Part> }
}
