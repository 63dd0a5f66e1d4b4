/**
 * Route for the path of an event through the system. The path is determined from received spans or, without spans, from the log.
 */
import { maxLength, minLength, optional, picklist, pipe, regex, string, transform } from 'valibot'
import type { ConsoleEnvironment } from '../environment.ts'
import { JourneyFinder } from '../journey/finder.ts'
import { recentJourneys } from '../journey/recent.ts'
import { ProblemError } from './problem.ts'
import { asked, watched } from './route.ts'

/** Selectable search ranges of the log, in minutes. */
const SPANS_OF_TIME = ['15', '60', '360', '1440'] as const

const COUNT = pipe(string(), regex(/^\d{1,15}$/, 'must be a number'), transform(Number))
const ASKED = {
  id: optional(pipe(string(), minLength(1, 'is empty'), maxLength(1_000, 'is too long for an id'))),
  trace: optional(pipe(string(), regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits'))),
  topic: optional(pipe(string(), maxLength(249, 'is too long for a topic'))),
  partition: optional(COUNT),
  offset: optional(COUNT),
}
const MINUTES = optional(picklist(SPANS_OF_TIME, `must be one of ${SPANS_OF_TIME.join(', ')}`), '15')

export function journeyRoutes(environment: ConsoleEnvironment) {
  const finder = new JourneyFinder(environment)
  return {
    '/journey': watched(ASKED, 2_000, async query => finder.follow(askedBy(query))),
    '/journey/search': asked({ ...ASKED, minutes: MINUTES }, async ({ minutes, ...query }, { req }) => {
      const sinceMs = Date.now() - Number(minutes) * 60_000
      return finder.search(askedBy(query), sinceMs, req.raw.signal)
    }),
    '/journey/recent': watched({}, 2_000, async () => recentJourneys(environment)),
  }
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
      'Specify an event by id, by trace, or by topic, partition and offset.',
    )
  return { id, trace }
}
