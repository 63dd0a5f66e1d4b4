/** Names of fields in records, as words and as names of fields in readings. Pure. */
import { NO_DIMENSIONS } from '../../telemetry/parse-family.ts'

/** Letters that have no decomposition in Unicode, or another one in names. */
const LETTERS: Record<string, string> = { ß: 'ss', ä: 'ae', ö: 'oe', ü: 'ue', æ: 'ae', ø: 'o', ł: 'l' }

/** Returns the lower-case words of a name: `soilMoisture`, `soil_moisture` and `Soil moisture` have the same two. */
export function splitWords(name: string): readonly string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(?<=\p{Lu})(\p{Lu}\p{Ll})/gu, ' $1')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßäöüæøł]/g, letter => LETTERS[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '')
}

/** Last parts of paths that say nothing about the quantity, such as in `{"temperature": {"value": 21.5}}`. */
export const GENERIC =
  /^(value|val|v|reading|wert|messwert|measured value|(string|double|int|float) value|as (int|double))$/

/** Returns the path of the object in which a field is, with a dot at the end; empty for a field of the record itself. */
export function getParent(path: string): string {
  return path.slice(0, path.lastIndexOf('.') + 1)
}

/** Returns the words of the last part of a label, with single spaces. */
export function lastWords({ label }: { readonly label: string }): string {
  return splitWords(label.split('.').at(-1) ?? label).join(' ')
}

/** Names of states, which neither measure nor name anything. */
export const STATE = /\b(status|state|mode|activity|zustand|health|quality|flags?|qc)\b/

/** Matches a part in brackets, which is the unit in `Pressure [hPa]`. */
export const BRACKETS = /[([]([^()[\]]+)[)\]]$/

/** Members of every reading, and names that objects have already. */
const RESERVED = ['unit', 'tags', 'constructor', 'prototype']

/**
 * Returns a function that chooses a name of its own for each field of a reading: the camelCase name of the last part of a path, or of
 * the whole path if another field has that name. Rules group by dimensions: tags, and fields in the source.
 */
export function createNames(reserved: readonly string[] = RESERVED) {
  const taken = new Set(reserved)
  return (path: string, isDimension = false): string => {
    const steps = path.split('.')
    const last = toName(steps.slice(steps.findLastIndex(step => !/^\d+$/.test(step))).join('.'))
    const whole = toName(path)
    const isFree = (name: string) => !taken.has(name) && !(isDimension && NO_DIMENSIONS.has(name))
    let name = [last, whole].find(isFree) ?? whole
    for (let number = 2; !isFree(name); number++) name = `${whole}${number}`
    taken.add(name)
    return name
  }
}

function toName(path: string): string {
  const [first = 'field', ...others] = splitWords(path.replace(BRACKETS, ''))
  const name = [first, ...others.map(word => word.charAt(0).toUpperCase() + word.slice(1))].join('')
  return (/^\d/.test(name) ? `field${name}` : name).slice(0, 60)
}
