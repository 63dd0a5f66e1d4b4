/** Routes for brokers, topics, messages, groups and schemas. */
import { integer, maxLength, minLength, minValue, optional, pipe, string, toNumber } from 'valibot'
import { clusterDescription } from '../../lib/queries/cluster.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { listedGroups, oneGroup } from './kafka/groups.ts'
import { MESSAGES_FIELDS, PLACE_FIELDS } from './kafka/messages/query.ts'
import { ConsoleMessages } from './kafka/messages.ts'
import { listedSubjects, oneSubject } from './kafka/schemas.ts'
import { listedTopics, oneTopic } from './kafka/topics.ts'
import { asked, watched } from './route.ts'

/** Text to search for in names. */
const FIND = optional(pipe(string(), maxLength(249, 'is too long')), '')
/** Name of a topic, up to 249 characters. */
const TOPIC = pipe(
  optional(string(), ''),
  minLength(1, 'name a topic'),
  maxLength(249, 'is too long for the name of a topic'),
)
const GROUP = pipe(optional(string(), ''), minLength(1, 'name a group'), maxLength(1_000, 'is too long'))
const SUBJECT = pipe(optional(string(), ''), minLength(1, 'name a subject'), maxLength(1_000, 'is too long'))
const VERSION = pipe(
  string(),
  toNumber('must be a version number'),
  integer('must be a version number'),
  minValue(1, 'must be 1 or more'),
)

export function kafkaRoutes(environment: ConsoleEnvironment) {
  const messages = new ConsoleMessages(environment)
  return {
    '/kafka/cluster': watched({}, 5_000, async () => clusterDescription(await environment.cluster())),
    '/kafka/topics': watched({ find: FIND }, 5_000, ({ find }) => listedTopics(environment, find)),
    '/kafka/topics/one': watched({ name: TOPIC }, 5_000, ({ name }) => oneTopic(environment, name)),
    '/kafka/groups': watched({ find: FIND }, 4_000, ({ find }) => listedGroups(environment, find)),
    '/kafka/groups/one': watched({ name: GROUP }, 4_000, ({ name }) => oneGroup(environment, name)),
    '/kafka/schemas': asked(
      { find: optional(pipe(string(), maxLength(1_000, 'is too long')), '') },
      ({ find }) => listedSubjects(environment, find),
    ),
    '/kafka/schemas/one': asked({ name: SUBJECT, version: optional(VERSION) }, ({ name, version }) =>
      oneSubject(environment, name, version),
    ),
    '/kafka/messages': watched(MESSAGES_FIELDS, 1_000, query => messages.list(query)),
    '/kafka/messages/topics': asked({}, () => messages.topics()),
    '/kafka/messages/one': asked(PLACE_FIELDS, place => messages.one(place)),
    '/kafka/messages/download': asked(MESSAGES_FIELDS, (query, request) => messages.download(query, request)),
  }
}
