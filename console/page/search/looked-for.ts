/**
 * Searches all kinds of objects, such as entities, alerts and topics. Pure, because the caller provides the function that sends
 * queries.
 */
import type { Answers } from '../../api/api.ts'
import { addressOf } from '../data/address.ts'
import { problemOf } from '../data/ask.ts'
import { askedFor } from '../journey/words.ts'
import { countText, partsOf } from '../parts/words.ts'

/** Sends a query. @param path path under `/api` with query parameters */
export type Ask = <T>(path: string) => Promise<T>

interface SearchHit {
  readonly text: string
  /** Secondary text. */
  readonly note?: string
  readonly href: string
  /** True if the name equals the search text, ignoring case. */
  readonly isExact: boolean
}

interface SearchHits {
  /** Matches, exact ones first. */
  readonly things: readonly SearchHit[]
  /** Number of matches, including those not listed. */
  readonly total: number
}

/** Result for one kind of object. */
export type Result = { readonly kind: Kind } & (
  | { readonly found: SearchHits; readonly problem?: never }
  | { readonly problem: string; readonly found?: never }
)

interface Kind {
  readonly title: string
  /** Singular name of the kind, for the message that nothing was found. */
  readonly one: string
  readonly look: (ask: Ask, text: string) => Promise<SearchHits>
}

const KINDS: readonly Kind[] = [
  { title: 'Entities', one: 'entity', look: entities },
  { title: 'Alerts', one: 'firing alert', look: alerts },
  { title: 'Events', one: 'event in the spans', look: events },
  { title: 'Consumer groups', one: 'consumer group', look: groups },
  { title: 'Topics', one: 'topic', look: topics },
]

/** Searches all kinds concurrently. A failed query does not affect the others. */
export function search(ask: Ask, text: string): Promise<Result[]> {
  return Promise.all(
    KINDS.map(async kind => {
      try {
        const { things, total } = await kind.look(ask, text)
        const exactFirst = things.toSorted((a, b) => Number(b.isExact) - Number(a.isExact))
        return { kind, found: { things: exactFirst, total } }
      } catch (error) {
        return { kind, problem: problemOf(error).message }
      }
    }),
  )
}

/**
 * Returns the URL of the exact match, if there is only one. Undefined if matches are not listed or a kind could not be searched.
 */
export function onlyExact(results: readonly Result[]): string | undefined {
  const isWhole = results.every(({ found }) => found && found.total === found.things.length)
  const [exact, another] = results.flatMap(({ found }) => found?.things.filter(one => one.isExact) ?? [])
  return isWhole && !another ? exact?.href : undefined
}

export function summaryText(results: readonly Result[], text: string): string {
  const asked = results.flatMap(({ kind, found }) => (found ? [{ ...found, one: kind.one }] : []))
  if (asked.length === 0) return 'The search failed.'
  const total = asked.reduce((sum, found) => sum + found.total, 0)
  if (total > 0) return `${countText(total, 'match', 'matches')} for “${text}”.`
  return `Nothing matches “${text}”: ${asked.map(({ one }) => `no ${one}`).join(', ')}.`
}

/** Returns a sentence for each reason why a kind was not searched; undefined if all were searched. */
export function unaskedText(results: readonly Result[]): string | undefined {
  const unasked = results.filter(({ problem }) => problem !== undefined)
  const reasons = [...Map.groupBy(unasked, ({ problem }) => problem)]
  const texts = reasons.map(
    ([problem, of]) =>
      `Not searched: ${of.map(({ kind }) => kind.title.toLowerCase()).join(', ')}. ${problem}`,
  )
  return texts.join(' ') || undefined
}

/** Returns the matching entities of all families, up to one page per family. */
async function entities(ask: Ask, find: string): Promise<SearchHits> {
  const pageOf = (family?: string) =>
    ask<Answers['/telemetry/entities']>(addressOf('/telemetry/entities', { find, family }))
  const first = await pageOf()
  const others = first.families.filter(one => one.family !== first.family && one.entities > 0)
  const pages = [first, ...(await Promise.all(others.map(({ family }) => pageOf(family))))]
  const things = pages.flatMap(({ rows }) =>
    rows.map(({ entity }) => {
      const { source, subject } = partsOf(entity)
      const isExact = isSame(entity, find) || isSame(subject, find)
      return { text: subject || source, note: source, href: addressOf('/telemetry', { entity }), isExact }
    }),
  )
  return { things, total: pages.reduce((sum, { matching }) => sum + matching, 0) }
}

/** Returns the firing alerts whose entity matches, and the firing or resolved alert whose id is the search text. */
async function alerts(ask: Ask, text: string): Promise<SearchHits> {
  const [now, one] = await Promise.all([
    ask<Answers['/alerts/now']>(addressOf('/alerts/now', { entity: text })),
    alertCalled(ask, text),
  ])
  const found = [...(one ? [one] : []), ...now.alerts.filter(({ id }) => id !== one?.id)]
  const things = found.map(({ id, rule, entity }) => {
    return { text: rule, note: entity, href: addressOf('/alerts', { alert: id }), isExact: id === text }
  })
  return { things, total: things.length + now.total - now.alerts.length }
}

async function alertCalled(ask: Ask, id: string): Promise<Answers['/alerts/one'] | undefined> {
  // Texts in other formats are not alert ids, so no query is needed for them.
  if (!/^[\w-]{22}$/.test(id)) return undefined
  try {
    return await ask<Answers['/alerts/one']>(addressOf('/alerts/one', { id }))
  } catch (error) {
    if (problemOf(error).code === 'not-found') return undefined
    throw error
  }
}

/** Searches the spans. The log is not searched, because that takes seconds; the page of the path offers it. */
async function events(ask: Ask, text: string): Promise<SearchHits> {
  const asked = askedFor(text)
  const { journey } = await ask<Answers['/journey']>(addressOf('/journey', { ...asked }))
  if (journey.roots.length === 0) return { things: [], total: 0 }
  return { things: [{ text, href: addressOf('/event', { ...asked }), isExact: true }], total: 1 }
}

async function groups(ask: Ask, find: string): Promise<SearchHits> {
  const { groups: listed, more } = await ask<Answers['/kafka/groups']>(addressOf('/kafka/groups', { find }))
  const things = listed.map(({ group, function: name }) => {
    const isExact = isSame(group, find) || isSame(name, find)
    return { text: group, href: addressOf('/kafka/groups', { group }), isExact }
  })
  return { things, total: things.length + more }
}

async function topics(ask: Ask, find: string): Promise<SearchHits> {
  const { topics: listed, more } = await ask<Answers['/kafka/topics']>(addressOf('/kafka/topics', { find }))
  const things = listed.map(({ topic, signal }) => {
    const isExact = isSame(topic, find) || isSame(signal, find)
    return { text: topic, href: addressOf('/kafka/topics', { topic }), isExact }
  })
  return { things, total: things.length + more }
}

function isSame(name: string | null, text: string): boolean {
  return name?.toLowerCase() === text.toLowerCase()
}
