import { readFunctions } from '../../lib/app/functions.ts'
import { groupName, type Signal, topicName } from '../../lib/app/topics.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'

/** Returns the functions of serverless.yml that read a topic, with their consumer groups in this environment. */
export function consumersOf(signal: Signal, env: string): ReadTopic[] {
  return readFunctions()
    .filter(({ consumes }) => consumes.includes(signal))
    .map(({ name }) => ({
      function: name,
      topic: topicName(signal, env),
      group: groupName(name, env),
    }))
}
