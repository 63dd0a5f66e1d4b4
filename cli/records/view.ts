/** Names of topics in the output of commands. Pure. */
import { signals, topicName } from '../../lib/app/topics.ts'

/** Returns the signal of a topic of the environment, or the full name of any other topic. */
export function shortTopic(topic: string, env: string): string {
  return signals().find(signal => topicName(signal, env) === topic) ?? topic
}
