/** One event through the system: by the spans that the functions send here, or else by what the log says. */
import { Hono } from 'hono'
import { maxLength, minLength, object, optional, picklist, pipe, regex, string, transform } from 'valibot'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { JourneyFinder } from '../journey/finder.ts'
import { recentJourneys } from '../journey/recent.ts'
import { watchable } from '../live/watchable.ts'
import { ProblemError } from './problem.ts'
import { queryOf } from './query.ts'

/** How far back the log is searched, in minutes. */
const SPANS_OF_TIME = ['15', '60', '360', '1440'] as const

const COUNT = pipe(string(), regex(/^\d{1,15}$/, 'has to be a number'), transform(Number))
const ASKED = {
  id: optional(pipe(string(), minLength(1, 'is empty'), maxLength(1_000, 'is too long for an id'))),
  trace: optional(pipe(string(), regex(/^[0-9a-f]{32}$/, 'has to be 32 hexadecimal digits'))),
  topic: optional(pipe(string(), maxLength(249, 'is too long for a topic'))),
  partition: optional(COUNT),
  offset: optional(COUNT),
}
const QUERY = object(ASKED)
const SEARCH = object({
  ...ASKED,
  minutes: optional(picklist(SPANS_OF_TIME, `has to be one of ${SPANS_OF_TIME.join(', ')}`), '15'),
})

export function journeyRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  const finder = new JourneyFinder(environment)
  watchable(routes, '/', { query: QUERY, everyMs: 2_000, environment }, query =>
    finder.follow(askedBy(query)),
  )
  routes.get('/search', async context => {
    const { minutes, ...query } = queryOf(SEARCH, context)
    const sinceMs = Date.now() - Number(minutes) * 60_000
    return context.json(await finder.search(askedBy(query), sinceMs, context.req.raw.signal))
  })
  watchable(routes, '/recent', { query: object({}), everyMs: 2_000, environment }, async () =>
    recentJourneys(environment),
  )
  return routes
}

interface Query {
  readonly id?: string | undefined
  readonly trace?: string | undefined
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly offset?: number | undefined
}

function askedBy({ id, trace, topic, partition, offset }: Query) {
  if (topic !== undefined && partition !== undefined && offset !== undefined)
    return { place: { topic, partition, offset } }
  if (id === undefined && trace === undefined)
    throw new ProblemError(
      'bad-request',
      'Name an event: by id, by trace, or by topic, partition and offset.',
    )
  return { id, trace }
}
