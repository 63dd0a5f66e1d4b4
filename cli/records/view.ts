/** Names of topics in the output of commands. Pure. */
import { signals, topicName } from '../../lib/app/topics.ts'

/** Returns the signal of a topic if the topic belongs to the environment, and otherwise its full name. */
export function shortTopic(topic: string, env: string): string {
  return signals().find(signal => topicName(signal, env) === topic) ?? topic
}
