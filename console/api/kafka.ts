/** Routes for topics, messages and groups. */
import { maxLength, minLength, optional, pipe, string } from 'valibot'
import type { ConsoleEnvironment } from '../environment.ts'
import { listedGroups, oneGroup } from './kafka/groups.ts'
import { MESSAGES_FIELDS, PLACE_FIELDS } from './kafka/messages/query.ts'
import { ConsoleMessages } from './kafka/messages.ts'
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

export function kafkaRoutes(environment: ConsoleEnvironment) {
  const messages = new ConsoleMessages(environment)
  return {
    '/kafka/topics': watched({ find: FIND }, 5_000, ({ find }) => listedTopics(environment, find)),
    '/kafka/topics/one': watched({ name: TOPIC }, 5_000, ({ name }) => oneTopic(environment, name)),
    '/kafka/groups': watched({ find: FIND }, 4_000, ({ find }) => listedGroups(environment, find)),
    '/kafka/groups/one': watched({ name: GROUP }, 4_000, ({ name }) => oneGroup(environment, name)),
    '/kafka/messages': watched(MESSAGES_FIELDS, 1_000, query => messages.list(query)),
    '/kafka/messages/topics': asked({}, () => messages.topics()),
    '/kafka/messages/one': asked(PLACE_FIELDS, place => messages.one(place)),
    '/kafka/messages/download': asked(MESSAGES_FIELDS, (query, request) => messages.download(query, request)),
  }
}
