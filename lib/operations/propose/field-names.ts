/** Names of fields in records, as words and as names of fields in readings. Pure. */
import { NO_DIMENSIONS } from '../../telemetry/parse-family.ts'

/** Letters that have no decomposition in Unicode. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  æ: 'ae',
  ø: 'o',
  å: 'a',
  ł: 'l',
}

/** Returns the lower-case words of a name: `soilMoisture`, `soil_moisture` and `Soil moisture` have the same two. */
export function splitWords(name: string): readonly string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(?<=\p{Lu})(\p{Lu}\p{Ll})/gu, ' $1')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßäöüæøåł]/g, letter => LETTERS[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '')
}

/** Returns the words of the last part of a path, with single spaces. */
export function lastWords({ path }: { readonly path: string }): string {
  return splitWords(path.split('.').at(-1) ?? path).join(' ')
}

/** Matches a part in brackets, which is the unit in `Pressure [hPa]`. */
const BRACKETS = /[([]([^()[\]]+)[)\]]$/

/** Returns the text in brackets at the end of a name; undefined if there is none. */
export function findBracketed(name: string): string | undefined {
  return BRACKETS.exec(name.trim())?.[1]?.trim() || undefined
}

/** Members of every reading, and names that objects have already. */
const RESERVED: readonly string[] = ['unit', 'tags', 'constructor', 'prototype']

/** Chooses a name of its own for each field of a reading. */
export class FieldNames {
  readonly #taken = new Set(RESERVED)

  /**
   * Returns the camelCase name of the last part of a path, or of the whole path if another field has that name.
   *
   * @param isDimension true for the name of a tag, or of a field in the source, by which rules can group
   */
  choose(path: string, isDimension = false): string {
    const last = toName(path.split('.').at(-1) ?? path)
    const whole = toName(path)
    const isFree = (one: string) => !this.#taken.has(one) && !(isDimension && NO_DIMENSIONS.has(one))
    let name = [last, whole].find(isFree) ?? whole
    for (let number = 2; !isFree(name); number++) name = `${whole}${number}`
    this.#taken.add(name)
    return name
  }
}

function toName(path: string): string {
  const [first = 'field', ...others] = splitWords(path.replace(BRACKETS, ''))
  const name = [first, ...others.map(word => word.charAt(0).toUpperCase() + word.slice(1))].join('')
  return (/^\d/.test(name) ? `field${name}` : name).slice(0, 60)
}
