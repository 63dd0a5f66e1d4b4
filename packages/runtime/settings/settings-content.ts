/** Reads the content of a settings file: sections, whose keys correspond to environment variables. Pure. */
import { safeParse } from 'valibot'
import { listSettings } from './read-settings.ts'
import type { Environment, Setting, Slice } from './slice.ts'

/** Receives an error of a section or key; for an unknown one, with the names that exist there. */
type Report = (path: readonly string[], message: string, names?: readonly string[]) => void

/** Returns the values of a settings file by variable. A value that is null or empty is left out. */
export function readContent(content: unknown, slices: readonly Slice[], report: Report): Environment {
  const values = new Map<string, string>()
  const sections = listKeys(slices)
  for (const [section, written] of listEntries(content ?? {}, [], report)) {
    const keys = sections.get(section)
    if (keys === undefined) report([section], 'unknown key', [...sections.keys()])
    else
      for (const [key, value] of listEntries(written ?? {}, [section], report)) {
        const path = [section, key]
        const [variable, setting] = keys.get(key) ?? []
        const text = formatValue(value)
        if (variable === undefined || setting === undefined) report(path, 'unknown key', [...keys.keys()])
        else if (text === undefined) report(path, 'must be a string, a number, or a list of them')
        else if (text !== '') {
          const { issues } = safeParse(setting.schema, text)
          for (const { message } of issues ?? []) report(path, message)
          values.set(variable, text)
        }
      }
  }
  return Object.fromEntries(values)
}

/** Returns the variables by section and key of the file, with their settings. */
function listKeys(
  slices: readonly Slice[],
): ReadonlyMap<string, ReadonlyMap<string, readonly [variable: string, Setting]>> {
  const all = Object.entries<Setting>(listSettings(slices))
  const sections = Map.groupBy(all, ([, { key }]) => key?.split('.')[0])
  const mapKeys = (settings: typeof all) =>
    new Map(settings.map(row => [row[1].key?.split('.')[1] ?? '', row]))
  return new Map(
    [...sections].flatMap(([section, own]) => (section ? [[section, mapKeys(own)] as const] : [])),
  )
}

function listEntries(
  content: unknown,
  path: readonly string[],
  report: Report,
): readonly [string, unknown][] {
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return Object.entries(content)
  report(path, 'must be a mapping')
  return []
}

/**
 * Converts a value to the text of an environment variable. Null becomes an empty text. Returns undefined for a value that a
 * variable cannot represent.
 */
function formatValue(value: unknown): string | undefined {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'string' || typeof value === 'number') return String(value).trim()
  const parts = Array.isArray(value)
    ? value.map(formatValue)
    : Object.entries(value as object).map(([name, one]) =>
        one === null ? name : `${name}=${formatValue(one)}`,
      )
  return parts.includes(undefined) ? undefined : parts.join(',')
}
