import { readFunctions } from '../../lib/app/functions.ts'
import { groupName, topicName } from '../../lib/app/topics.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'

/** Returns the functions of an environment, with the topics of the table that they read. */
export function readersIn(env: string): readonly ReadTopic[] {
  return readFunctions().flatMap(({ name, consumes }) =>
    consumes.map(signal => ({
      function: name,
      topic: topicName(signal, env),
      group: groupName(name, env),
    })),
  )
}
