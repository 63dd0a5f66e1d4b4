/** Reads settings from the environment. No other code reads environment variables. */
import { safeParse } from 'valibot'
import { ConfigError, errorLines } from './config-error.ts'
import { isServiceLink } from './service-links.ts'
import type { Environment, Setting, Slice } from './slice.ts'

/** The combined configuration of several slices. */
export type CombinedParts<Slices extends readonly Slice[]> = (
  Slices[number] extends infer One
    ? One extends Slice<infer Part>
      ? (part: Part) => void
      : never
    : never
) extends (part: infer Combined) => void
  ? Combined
  : unknown

/** The settings of several slices, by variable. */
type CombinedSettings<Slices extends readonly Slice[]> = (
  Slices[number] extends infer One
    ? One extends Slice
      ? (settings: One['settings']) => void
      : never
    : never
) extends (settings: infer Combined) => void
  ? Combined
  : unknown

/** Returns the settings of several slices, by variable. */
export function listSettings<const Slices extends readonly Slice[]>(
  slices: Slices,
): CombinedSettings<Slices> {
  return Object.assign({}, ...slices.map(({ settings }) => settings))
}

/**
 * Reads the settings of these slices and no other variables.
 *
 * @param file values for variables that are not set
 * @throws ConfigError that names every missing or invalid variable
 */
export function readSettings<const Slices extends readonly Slice[]>(
  slices: Slices,
  environment: Environment = process.env,
  file: Environment = {},
): CombinedParts<Slices> {
  const read = slices.map(({ settings, schema }) =>
    safeParse(schema, { ...withoutEmpty(settings, file), ...withoutEmpty(settings, environment) }),
  )
  const errors = read.flatMap(({ issues }) => (issues ? errorLines(issues) : []))
  // Report each error once, although a slice may be passed twice.
  if (errors.length > 0) throw new ConfigError('the environment', [...new Set(errors)])
  return Object.assign({}, ...read.map(({ output }) => output))
}

/**
 * Reads a single setting, so that the caller can check the others even if this one is invalid.
 *
 * @param errors list to which a line is added for each error
 * @returns undefined if the setting is missing or invalid
 */
export function readSetting<Settings extends Slice['settings'], Name extends keyof Settings & string>(
  settings: Settings,
  name: Name,
  environment: Environment,
  errors: string[],
): (Settings[Name] extends Setting<infer Value> ? Value : never) | undefined {
  const { schema } = settings[name] as Setting
  const { output, issues } = safeParse(schema, readText(environment, name))
  if (!issues) return output as never
  errors.push(...errorLines(issues).map(line => `${name}: ${line}`))
  return undefined
}

/** Returns whether a variable whose name begins so is set, such as one that another library reads. */
export function isAnySet(prefix: string, environment: Environment = process.env): boolean {
  return Object.keys(environment).some(name => name.startsWith(prefix) && environment[name])
}

function withoutEmpty(settings: Slice['settings'], environment: Environment): Environment {
  const texts = Object.keys(settings).map(name => [name, readText(environment, name)] as const)
  return Object.fromEntries(texts.filter(([, text]) => text !== undefined))
}

function readText(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim()
  return isServiceLink(name, text) ? undefined : text || undefined
}
