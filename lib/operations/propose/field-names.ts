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

/** Last parts of paths that say nothing about the quantity, such as in `{"temperature": {"value": 21.5}}`. */
export const GENERIC =
  /^(value|val|v|reading|wert|messwert|measured value|(string|double|int|float) value|as (int|double))$/

/** Returns the words of the last part of a label, with single spaces. */
export function lastWords({ label }: { readonly label: string }): string {
  return splitWords(label.split('.').at(-1) ?? label).join(' ')
}

/** Returns the words of a general name such as `id` with those of the object in which it is, and of another name alone. */
export function ownWords(field: { readonly label: string }): readonly string[] {
  const [outer = '', last = ''] = ['', ...field.label.split('.')].slice(-2)
  const words = splitWords(last)
  return GENERAL.test(words.join(' ')) ? [...splitWords(outer), ...words] : words
}

/** Names of identifiers that do not say of what. */
export const GENERAL = /^(id|uid|name|key|identifier|number|address|addr|serial|mac|eui|no|nr)$/

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
  readonly #taken: Set<string>

  constructor(reserved = RESERVED) {
    this.#taken = new Set(reserved)
  }

  /**
   * Returns the camelCase name of the last part of a path, or of the whole path if another field has that name.
   *
   * @param isDimension true for the name of a tag, or of a field in the source, by which rules can group
   */
  choose(path: string, isDimension = false): string {
    const steps = path.split('.')
    const last = toName(steps.slice(steps.findLastIndex(step => !/^\d+$/.test(step))).join('.'))
    const whole = toName(path)
    const isFree = (name: string) => !this.#taken.has(name) && !(isDimension && NO_DIMENSIONS.has(name))
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
