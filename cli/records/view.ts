/** Names of topics in the output of commands. Pure. */
import { SIGNALS, topicName } from '../../lib/app/topics.ts'

/** Returns the signal of a topic if the topic belongs to the environment, and otherwise its full name. */
export function shortenTopic(topic: string, env: string): string {
  return SIGNALS.find(signal => topicName(signal, env) === topic) ?? topic
}
