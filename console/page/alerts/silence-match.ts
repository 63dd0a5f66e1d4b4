/** Parses the fields of the silence form. Pure. */
import type { AlertMatch } from '../../../lib/notification/alert-match.ts'

/** Fields of the silence form. */
export interface SilenceFields {
  readonly rule: string
  readonly severity: string
  readonly source: string
  readonly entity: string
  /** Labels, such as `team=infra, floor=3`. */
  readonly labels: string
}

/** Parses the fields of the form, which can contain several values separated by commas. Returns errors as `problem`. */
export function parseMatch(fields: SilenceFields): { readonly match: AlertMatch; readonly problem?: string } {
  const { labels: labelText, ...texts } = fields
  const own = Object.entries(texts).flatMap(([name, value]) => {
    const list = splitValues(value)
    return list.length > 0 ? [[name, list] as const] : []
  })
  const pairs = splitValues(labelText).map(matcher => {
    const at = matcher.indexOf('=')
    return [matcher.slice(0, Math.max(0, at)).trim(), matcher.slice(at + 1).trim()] as const
  })
  const problem = pairs.some(([name, value]) => !name || !value)
    ? 'A label requires a name and a value, such as team=infra.'
    : undefined
  const labels = Object.fromEntries(
    [...Map.groupBy(pairs, ([name]) => name)].map(([name, all]) => [name, all.map(([, value]) => value)]),
  )
  const match = { ...Object.fromEntries(own), ...(pairs.length > 0 ? { labels } : {}) }
  return problem === undefined ? { match } : { match, problem }
}

function splitValues(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(matcher => matcher !== '')
}
