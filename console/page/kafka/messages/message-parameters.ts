/** Converts query parameters of the page to queries for messages. Pure. */
import type { Parameters } from '../../client/address.ts'

export const MESSAGES = '/kafka/messages'

/** Query parameters that select messages. The page and the server use the same names. */
const NAMES = ['topic', 'partition', 'offset', 'time', 'from', 'text'] as const

export type MessageParameters = Readonly<Partial<Record<(typeof NAMES)[number] | 'cursor', string>>>

/** Selected start of the messages. */
export type Start = 'newest' | 'oldest' | 'time' | 'offset'

export function chooseStart({ offset, time, from }: MessageParameters): Start {
  if (offset) return 'offset'
  if (time) return 'time'
  return from === 'oldest' ? 'oldest' : 'newest'
}

/** Returns the query for the URL's parameters, including the cursor. */
export function toParameters(query: Readonly<Record<string, string>>, topic: string): Parameters {
  return { ...parseParameters(query), topic, cursor: query.cursor }
}

/** Returns the query for the URL's parameters, without the cursor. */
export function parseParameters(query: Readonly<Record<string, string>>): MessageParameters {
  return Object.fromEntries(NAMES.flatMap(name => (query[name] ? [[name, query[name]]] : [])))
}

/** Returns the query for the values of the form. Fields that do not apply to the selected start are omitted. */
export function parseForm(form: Readonly<Record<string, string>>): MessageParameters {
  const { start = 'newest', offset = '', time = '', ...others } = form
  const parameters = parseParameters(others)
  if (start === 'offset' && offset !== '') return { ...parameters, offset }
  const at = Date.parse(time)
  if (start === 'time' && !Number.isNaN(at)) return { ...parameters, time: new Date(at).toISOString() }
  return start === 'oldest' ? { ...parameters, from: 'oldest' } : parameters
}
